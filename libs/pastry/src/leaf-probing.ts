import { compareClockwise, compareDistance, type Id } from '@banyan/ids';
import { handleState, type NodeHandle } from '@banyan/kbr';
import type { FailedLife } from '@banyan/peers';
import { DueTimes, type Bound, type Json, type Millis } from '@banyan/sansio';
import { participates, type NodeContext } from './context.ts';
import { lackedBy, lackedHeads, outlineOf, type LeafOutline } from './leaf-outline.ts';
import { headOf, type LeafSet } from './leaf-set.ts';
import type { LeafSetMessage } from './messages.ts';

interface OpenProbe {
  readonly peer: NodeHandle;
  readonly nonce: number;
  tries: number;
  sentAt: Millis;
  /** Some try of it was made by a node that only looked around. */
  looked: boolean;
}

/** Who exchanged leaf sets with us so lately need not do so again to become a leaf. */
const MET_FOR_MS: Millis = 60_000;
const MET_MAX = 64;

/** Probes under way at once; a leaf set and its likely replacements are far fewer. */
const OPEN_MAX = 256;
/** Leaves on either side that a joiner waits for; of the others it hears while it goes on. */
const NEAR = 4;
/** Leaves on either side among which it enters; the others it tells when it is active. */
const ENTERED = 4;
/** A joiner enters without waiting longer for a leaf that left so many probes unanswered. */
const AWAITED_TRIES = 2;

type Probe = Extract<LeafSetMessage, { readonly type: 'leafProbe' }>;
type Reply = Extract<LeafSetMessage, { readonly type: 'leafReply' }>;
type News = Extract<LeafSetMessage, { readonly type: 'leafNews' }>;

/**
 * Leaf-set probes: the two ends tell each other what their leaf sets differ in and whom of them they found dead, and take
 * each other in, for now each has heard the other. Whoever is only told of is probed first; whoever is only said to be dead is asked first.
 * A node that does not enter the ring yet looks around with the same probes and is taken in by nobody.
 * Sources: Castro, Costa, Rowstron 2004, §3.1 (LS-PROBE); FreePastry (`ConsistentJoinProtocol`, which waits for four leaves
 * on either side).
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

  /**
   * True when all who may be among the nearest leaves on either side have answered, or have had their chance to: while looking
   * around a short one, but who enters needs to hear from the former owner of its keys what was delivered there.
   */
  get isNearSettled(): boolean {
    const triesMax = this.#context.phase === 'sounding' ? AWAITED_TRIES : Infinity;
    for (const { peer, tries } of this.#open.values()) if (tries <= triesMax && this.#isNear(peer)) return false;
    return true;
  }

  /** Enters: probes the nearest leaves on either side, who take this node in. */
  enter(now: Millis): void {
    const { members } = this.#context.tables.leafSet;
    this.#probeAll(now, new Set([...members.slice(0, ENTERED), ...members.slice(-ENTERED)]));
  }

  next(): Millis {
    return this.#due.next();
  }

  /** Probes a node, unless a probe of this life is under way. */
  probe(now: Millis, peer: NodeHandle): void {
    this.#probeAll(now, [peer]);
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
    this.#probeAll(now, candidates.filter((candidate) => {
      if (!(this.#prospects ?? tables.leafSet).admits(candidate.id)) return false;
      if (!this.#hasMet(now, candidate)) return this.#expect(candidate);
      this.#welcome(candidate);
      return false;
    }));
  }

  onProbe(now: Millis, from: NodeHandle, message: Probe): void {
    const { handOver, merging, peers, phase, send, tables } = this.#context;
    if (!participates(phase)) return;
    this.#exchanges++;
    peers.placed(from.id, message.at);
    if (message.enters) this.#takeIn(now, from, message);
    const { outline } = message;
    send(from, {
      type: 'leafReply',
      nonce: message.nonce,
      ready: phase === 'active',
      leaves: lackedBy(from.id, outline, tables.leafSet),
      wanted: message.enters ? this.#wanted(now, outline) : [],
      failed: peers.failedAmong(now, (id) => outline.heads.includes(headOf(id))),
      // From here on a joiner's keys are no longer ours, so what was delivered until now is all it needs to know.
      delivered: message.enters && !message.ready ? handOver(now, from) : [],
      merging: merging(now),
      at: peers.place,
    });
  }

  /** A node that became active introduces itself: it is a leaf if it fits. */
  onAnnounced(now: Millis, from: NodeHandle): void {
    if (participates(this.#context.phase)) this.#takeIn(now, from, { ready: true, merging: false });
  }

  onNews(now: Millis, message: News): void {
    if (!participates(this.#context.phase)) return;
    this.consider(now, message.leaves);
    this.hearOfDeaths(now, message.failed);
  }

  /** Hearsay of deaths: nobody goes on it, but whoever stands in our tables is asked. */
  hearOfDeaths(now: Millis, lives: readonly FailedLife[]): void {
    const { tables, verify } = this.#context;
    for (const life of lives) {
      const member = tables.leafSet.get(life.id) ?? tables.table.get(life.id);
      if (member !== undefined && member.incarnation <= life.incarnation) verify(now, member, 'foundDead');
    }
  }

  onReply(now: Millis, from: NodeHandle, message: Reply): void {
    const { peers, phase, takeOver } = this.#context;
    peers.placed(from.id, message.at);
    const probe = this.#open.get(from.id);
    if (probe !== undefined && probe.nonce === message.nonce) {
      if (probe.tries === 1) peers.measured(now, from.id, now - probe.sentAt);
      this.#close(from.id);
    }
    if (!participates(phase) && phase !== 'sounding') return;
    this.#takeIn(now, from, message);
    // It may have answered before we entered, and not have taken us in.
    if (probe?.looked === true && phase !== 'sounding' && this.#isNear(from)) this.probe(now, from);
    takeOver(now, message.delivered);
    this.consider(now, message.leaves);
    this.hearOfDeaths(now, message.failed);
    this.#tellNews(now, from, message);
  }

  /** A life is over: its probe too. */
  peerLost(peer: NodeHandle): void {
    const probe = this.#open.get(peer.id);
    if (probe !== undefined && probe.peer.incarnation <= peer.incarnation) this.#close(peer.id);
    this.#prospects?.remove(peer.id);
    this.#met.delete(peer.id);
  }

  /**
   * There is room for another leaf: takes in whoever exchanged leaf sets with us lately. Of the two who become leaves of each other
   * the lower one begins: it is told its `successors`, and probes the nearest of them and of those whom it met longer ago.
   */
  onRoom(now: Millis, successors?: readonly NodeHandle[]): void {
    const met = Array.from(this.#met.values(), ({ peer }) => peer);
    this.consider(now, successors === undefined ? met.filter((peer) => this.#hasMet(now, peer)) : [...met, ...successors]);
  }

  stop(): void {
    for (const id of [...this.#open.keys()]) this.#close(id);
  }

  tick(now: Millis): void {
    if (now < this.#due.next()) return;
    for (const id of this.#due.takeDue(now)) {
      const probe = this.#open.get(id);
      if (probe === undefined) continue;
      if (probe.tries < this.#triesMax(now)) this.#send(now, probe);
      else this.#giveUp(now, probe);
    }
  }

  /** Probes under way, and how many may be. */
  bound(): Bound {
    return { name: 'leaf-set probes', size: this.#open.size, limit: OPEN_MAX };
  }

  state(now: Millis): Json {
    return {
      open: [...this.#open.values()].map(({ looked, peer, nonce, tries, sentAt }) => ({ peer: handleState(peer), nonce, tries, sentMs: sentAt - now, looked })),
      prospects: this.#prospects?.members.map(handleState) ?? null,
      met: Array.from(this.#met.values(), ({ peer, at }) => ({ peer: handleState(peer), metMs: at - now })),
      exchanges: this.#exchanges,
      nextNonce: this.#nextNonce,
    };
  }

  // All are expected before the first is asked, so that none of them tells of another.
  #probeAll(now: Millis, peers: Iterable<NodeHandle>): void {
    const begun: OpenProbe[] = [];
    if (this.#prospects === undefined) this.#context.tables.widen();
    for (const peer of peers) {
      const running = this.#open.get(peer.id);
      if (peer.id === this.#context.self.id || this.#open.size >= OPEN_MAX) continue;
      if (running !== undefined && running.peer.incarnation >= peer.incarnation) continue;
      this.#expect(peer);
      const probe: OpenProbe = { peer, nonce: this.#nextNonce++, tries: 0, sentAt: now, looked: false };
      this.#open.set(peer.id, probe);
      begun.push(probe);
    }
    this.#exchanges += begun.length;
    for (const probe of begun) this.#send(now, probe);
  }

  // Always true, to be told among conditions.
  #expect(peer: NodeHandle): true {
    this.#prospects ??= this.#context.tables.leafSet.clone();
    this.#prospects.insert(peer);
    return true;
  }

  #send(now: Millis, probe: OpenProbe): void {
    const { config, peers, send } = this.#context;
    // Backs off once only, and no further than for a stranger: a joiner waits for every answer, nothing is delivered for its keys
    // meanwhile, and one answer of a peer that stood still makes it look far away. A late answer counts while the probe is open.
    const waitMs = Math.min(2 * config.peers.timeoutInitialMs, peers.timeoutMs(probe.peer.id) * (probe.tries === 0 ? 1 : 2));
    probe.tries++;
    probe.sentAt = now;
    probe.looked ||= this.#context.phase === 'sounding';
    this.#due.set(probe.peer.id, now + waitMs);
    const { merging, phase, tables } = this.#context;
    // Those who are being probed need not be told of.
    const outline = outlineOf(this.#prospects ?? tables.leafSet, config.leafSetSize / 2, probe.peer.id);
    send(probe.peer, { type: 'leafProbe', nonce: probe.nonce, ready: phase === 'active', enters: phase !== 'sounding', outline, merging: merging(now), at: peers.place });
  }

  // In a hurry most of the silent are dead. And who is a member already loses little by giving up one that lives.
  #triesMax(now: Millis): number {
    const { config, pace, phase } = this.#context;
    return phase === 'active' || pace.isHurried(now) ? Math.min(config.leafProbeTries, AWAITED_TRIES + 1) : config.leafProbeTries;
  }

  // Whoever stands next to self with fewer than so many answered leaves in between.
  #isNear({ id }: NodeHandle): boolean {
    const { members, self } = this.#context.tables.leafSet;
    let [before, after] = [0, 0];
    for (const leaf of members) {
      const order = compareClockwise(self, leaf.id, id);
      if (order < 0) before++;
      else if (order > 0) after++;
    }
    return Math.min(before, after) < NEAR;
  }

  // Those that we found dead we do not ask for: the reply says so.
  #wanted(now: Millis, outline: LeafOutline): readonly number[] {
    const { peers, tables } = this.#context;
    const lacked = lackedHeads(outline, tables.leafSet);
    if (lacked.length === 0) return lacked;
    const dead = new Set(peers.failedAmong(now, (id) => lacked.includes(headOf(id))).map(({ id }) => headOf(id)));
    return lacked.filter((head) => !dead.has(head));
  }

  #tellNews(now: Millis, to: NodeHandle, reply: Reply): void {
    const { peers, send, tables } = this.#context;
    const leaves = reply.wanted.length === 0 ? [] : tables.leafSet.members.filter(({ id }) => reply.wanted.includes(headOf(id)));
    const failed = reply.leaves.length === 0 ? [] : peers.failedAmong(now, (id) => reply.leaves.some((leaf) => leaf.id === id));
    if (leaves.length + failed.length > 0) send(to, { type: 'leafNews', leaves, failed });
  }

  // A leaf goes on to be verified; a candidate that others know and we cannot hear is unreachable, not dead.
  #giveUp(now: Millis, probe: OpenProbe): void {
    const { peers, tables, verify } = this.#context;
    this.#close(probe.peer.id);
    this.#prospects?.remove(probe.peer.id);
    if (tables.has(probe.peer.id)) verify(now, probe.peer, 'askOthers');
    else peers.markUnreachable(now, probe.peer);
  }

  #takeIn(now: Millis, from: NodeHandle, message: Pick<Reply, 'ready' | 'merging'>): void {
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

  #close(id: Id): void {
    this.#open.delete(id);
    this.#due.delete(id);
    if (this.#open.size === 0) this.#prospects = undefined;
  }
}
