import { compareDistance, type Id } from '@banyan/ids';
import { handleState, type NodeHandle } from '@banyan/kbr';
import type { FailedLife } from '@banyan/peers';
import { DueTimes, type Bound, type Json, type Millis } from '@banyan/sansio';
import { participates, type NodeContext } from './context.ts';
import type { LeafSet } from './leaf-set.ts';
import type { LeafSetMessage } from './messages.ts';

interface OpenProbe {
  readonly peer: NodeHandle;
  readonly nonce: number;
  tries: number;
  sentAt: Millis;
}

/** Who exchanged leaf sets with us so lately need not do so again to become a leaf. */
const MET_FOR_MS: Millis = 60_000;
const MET_MAX = 64;

/** Probes under way at once; a leaf set and its likely replacements are far fewer. */
const OPEN_MAX = 256;

/**
 * Leaf-set probes: the two ends exchange leaf sets (the answer tells only what the question did not) and whom they found
 * dead, and take each other in, for now each has heard the other. Whoever is only told of is probed first; whoever is only said to be dead is asked first.
 * `quiet` says that everyone who might be a leaf has answered or stayed silent.
 * Source: Castro, Costa, Rowstron 2004, §3.1 (LS-PROBE).
 */
export class LeafProbing {
  readonly #context: NodeContext;
  readonly #open = new Map<Id, OpenProbe>();
  readonly #due = new DueTimes<Id>();
  /** The leaf set as it will be if all who are being probed answer: so only those are probed who would be in it. */
  #prospects: LeafSet | undefined;
  /** Active nodes that exchanged leaf sets with us and found no room here, with the time; the latest last. */
  readonly #met = new Map<Id, { readonly peer: NodeHandle; readonly at: Millis }>();
  #nextNonce = 1;
  #exchanges = 0;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  get quiet(): boolean {
    return this.#open.size === 0;
  }

  next(): Millis {
    return this.#due.next();
  }

  /** Probes a node, unless a probe of this life is under way. */
  probe(now: Millis, peer: NodeHandle): void {
    const running = this.#open.get(peer.id);
    if (peer.id === this.#context.self.id || this.#open.size >= OPEN_MAX) return;
    if (running !== undefined && running.peer.incarnation >= peer.incarnation) return;
    this.#prospects ??= this.#context.tables.leafSet.clone();
    this.#prospects.insert(peer);
    const probe: OpenProbe = { peer, nonce: this.#nextNonce++, tries: 0, sentAt: now };
    this.#open.set(peer.id, probe);
    this.#exchanges++;
    this.#send(now, probe);
  }

  /** Exchanges of leaf sets since the last call, whoever began them. */
  takeExchanges(): number {
    const exchanges = this.#exchanges;
    this.#exchanges = 0;
    return exchanges;
  }

  /** Probes those of the nodes we are told of that would be leaves, if they live: the nearest first, so that few are. */
  consider(now: Millis, told: readonly NodeHandle[]): void {
    const { self, tables, peers } = this.#context;
    const candidates = told.filter((node) => tables.leafSet.admits(node.id) && !peers.isQuarantined(now, node));
    if (candidates.length > 1) candidates.sort((a, b) => compareDistance(self.id, a.id, b.id));
    for (const candidate of candidates) {
      if (!(this.#prospects ?? tables.leafSet).admits(candidate.id)) continue;
      if (this.#hasMet(now, candidate)) this.#welcome(candidate);
      else this.probe(now, candidate);
    }
  }

  onProbe(now: Millis, from: NodeHandle, message: LeafSetMessage): void {
    if (!participates(this.#context.phase)) return;
    this.#exchanges++;
    this.#context.peers.placed(from.id, message.at);
    this.#takeIn(now, from, message);
    // From here on a joiner's keys are no longer ours, so what was delivered until now is all it needs to know.
    const delivered = message.ready ? [] : this.#context.handOver(now, from);
    // Whom the sender has told us it need not hear from us: the answer is the difference.
    const known = new Set(message.leaves.map(({ id }) => id));
    const answer = this.#message(now, 'leafReply', message.nonce);
    this.#context.send(from, { ...answer, leaves: answer.leaves.filter(({ id }) => id !== from.id && !known.has(id)), delivered });
    this.#learn(now, message);
  }

  /** Hearsay of deaths: nobody goes on it, but whoever stands in our tables is asked. */
  hearOfDeaths(now: Millis, lives: readonly FailedLife[]): void {
    const { tables, verify } = this.#context;
    for (const life of lives) {
      const member = tables.leafSet.get(life.id) ?? tables.table.get(life.id);
      if (member !== undefined && member.incarnation <= life.incarnation) verify(now, member, 'foundDead');
    }
  }

  onReply(now: Millis, from: NodeHandle, message: LeafSetMessage): void {
    this.#context.peers.placed(from.id, message.at);
    const probe = this.#open.get(from.id);
    if (probe !== undefined && probe.nonce === message.nonce) {
      if (probe.tries === 1) this.#context.peers.measured(now, from.id, now - probe.sentAt);
      this.#close(from.id);
    }
    if (!participates(this.#context.phase)) return;
    this.#takeIn(now, from, message);
    this.#context.takeOver(now, message.delivered);
    this.#learn(now, message);
  }

  /** A life is over: its probe too. */
  peerLost(peer: NodeHandle): void {
    const probe = this.#open.get(peer.id);
    if (probe !== undefined && probe.peer.incarnation <= peer.incarnation) this.#close(peer.id);
    this.#prospects?.remove(peer.id);
    this.#met.delete(peer.id);
  }

  /** Takes in whoever exchanged leaf sets with us lately and has a place now. */
  onRoom(now: Millis): void {
    if (this.#met.size > 0) this.consider(now, Array.from(this.#met.values(), ({ peer }) => peer));
  }

  stop(): void {
    for (const id of [...this.#open.keys()]) this.#close(id);
  }

  tick(now: Millis): void {
    if (now < this.#due.next()) return;
    for (const id of this.#due.takeDue(now)) {
      const probe = this.#open.get(id);
      if (probe === undefined) continue;
      if (probe.tries < this.#context.config.leafProbeTries) this.#send(now, probe);
      else this.#giveUp(now, probe);
    }
  }

  /** Probes under way, and how many may be. */
  bound(): Bound {
    return { name: 'leaf-set probes', size: this.#open.size, limit: OPEN_MAX };
  }

  state(now: Millis): Json {
    return {
      open: [...this.#open.values()].map(({ peer, nonce, tries, sentAt }) => ({ peer: handleState(peer), nonce, tries, sentMs: sentAt - now })),
      prospects: this.#prospects?.members.map(handleState) ?? null,
      met: Array.from(this.#met.values(), ({ peer, at }) => ({ peer: handleState(peer), metMs: at - now })),
      exchanges: this.#exchanges,
      nextNonce: this.#nextNonce,
    };
  }

  #send(now: Millis, probe: OpenProbe): void {
    const { config, peers, send } = this.#context;
    // Backs off once only, and no further than for a stranger: a joiner waits for every answer, nothing is delivered for its keys
    // meanwhile, and one answer of a peer that stood still makes it look far away. A late answer counts while the probe is open.
    const waitMs = Math.min(2 * config.peers.timeoutInitialMs, peers.timeoutMs(probe.peer.id) * (probe.tries === 0 ? 1 : 2));
    probe.tries++;
    probe.sentAt = now;
    this.#due.set(probe.peer.id, now + waitMs);
    send(probe.peer, this.#message(now, 'leafProbe', probe.nonce));
  }

  // A leaf goes on to be verified; a candidate that others know and we cannot hear is unreachable, not dead.
  #giveUp(now: Millis, probe: OpenProbe): void {
    const { peers, tables, verify } = this.#context;
    this.#close(probe.peer.id);
    this.#prospects?.remove(probe.peer.id);
    if (tables.has(probe.peer.id)) verify(now, probe.peer, 'askOthers');
    else peers.markUnreachable(now, probe.peer);
  }

  #takeIn(now: Millis, from: NodeHandle, message: LeafSetMessage): void {
    const { meet, peers, tables } = this.#context;
    const isNew = tables.insertLeaf(from);
    if (!message.ready) return;
    if (isNew && message.merging) meet(now, from);
    tables.offer(from, peers.proximityMs(from.id));
    this.#met.delete(from.id);
    if (isNew || tables.leafSet.has(from.id)) return;
    this.#met.set(from.id, { peer: from, at: now });
    for (const oldest of this.#met.keys()) {
      if (this.#met.size <= MET_MAX) break;
      this.#met.delete(oldest);
    }
  }

  #hasMet(now: Millis, candidate: NodeHandle): boolean {
    const met = this.#met.get(candidate.id);
    return met !== undefined && met.peer.incarnation === candidate.incarnation && now - met.at < MET_FOR_MS;
  }

  #welcome(candidate: NodeHandle): void {
    this.#met.delete(candidate.id);
    this.#prospects?.insert(candidate);
    this.#context.tables.insertLeaf(candidate);
  }

  #learn(now: Millis, message: LeafSetMessage): void {
    this.consider(now, message.leaves);
    this.hearOfDeaths(now, message.failed);
  }

  #close(id: Id): void {
    this.#open.delete(id);
    this.#due.delete(id);
    if (this.#open.size === 0) this.#prospects = undefined;
  }

  #message(now: Millis, type: LeafSetMessage['type'], nonce: number): LeafSetMessage {
    const { merging, peers, phase, tables } = this.#context;
    return { type, nonce, ready: phase === 'active', leaves: tables.leafSet.members, failed: peers.failedLately(now), delivered: [], merging: merging(now), at: peers.place };
  }
}
