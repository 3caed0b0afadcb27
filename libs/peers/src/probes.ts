import type { Id } from '@banyan/ids';
import { handleState, type Coordinate, type NodeHandle } from '@banyan/kbr';
import { DueTimes, type Json, type Millis } from '@banyan/sansio';
import type { PeersConfig } from './config.ts';
import type { PeerMessage } from './messages.ts';

/**
 * Why a peer is pinged, and what its silence means; a probe under way takes on the stronger kind.
 * `measure`: how far is this candidate; it is not taken.
 * `check`: does this peer answer us; it is silent, for us.
 * `confirm`: another has found this member dead, do we too; it is dead.
 * `verify`: does this member live; it is dead when it answers nobody whom we ask either, else out of our reach.
 */
export type ProbeKind = 'measure' | 'check' | 'confirm' | 'verify';

const STRENGTH: Readonly<Record<ProbeKind, number>> = { measure: 0, check: 1, confirm: 2, verify: 3 };

/** What a probe led to. */
export type ProbeEffect =
  | { readonly type: 'send'; readonly to: NodeHandle; readonly message: PeerMessage }
  /** A candidate or table entry did not answer. */
  | { readonly type: 'silent'; readonly peer: NodeHandle }
  /** A member answered nobody. */
  | { readonly type: 'dead'; readonly peer: NodeHandle }
  /** A member answered others but not us. */
  | { readonly type: 'unreachable'; readonly peer: NodeHandle };

interface Probe {
  readonly peer: NodeHandle;
  kind: ProbeKind;
  /** Nonce of the first ping; the i-th carries `firstNonce + i`. */
  readonly firstNonce: number;
  /** Attempts that went unanswered before the first ping. */
  readonly missed: number;
  /** When each ping was sent. */
  readonly sentAt: Millis[];
  /** Others were asked; this is the last wait. */
  indirect: boolean;
  /** How many more times others may be asked before it is concluded. */
  rounds: number;
  /** One of them reached it. */
  reachedByOthers: boolean;
  /** Another has found it dead: our own silence so far is enough. */
  foundDead: boolean;
}

/** The probes of one node: one at most per peer, retried with doubling waits, then asked around. */
export class Probes {
  readonly #byPeer = new Map<Id, Probe>();
  readonly #due = new DueTimes<Id>();
  readonly #config: PeersConfig;
  readonly #timeoutMs: (peer: Id) => Millis;
  readonly #helpers: (target: NodeHandle) => readonly NodeHandle[];
  readonly #at: () => Coordinate;
  readonly #isHurried: () => boolean;
  readonly #reachedLately: (now: Millis, peer: NodeHandle) => boolean;
  #nextNonce = 1;
  /** Probes of candidates that may be begun now; grows with time up to the burst. */
  #measures: number;
  #measuresAt: Millis = 0;
  #spent = 0;

  constructor(deps: {
    readonly config: PeersConfig;
    /** Where this node lies, told in every ping. */
    readonly at: () => Coordinate;
    readonly timeoutMs: (peer: Id) => Millis;
    /** Whom to ask about a silent member; at most `indirectHelpers` are used. */
    readonly helpers: (target: NodeHandle) => readonly NodeHandle[];
    /** True while nodes fail so often that a death is the likely cause of silence. */
    readonly isHurried: () => boolean;
    /** True for a peer that was silent for us and not for others, when it was verified last. */
    readonly reachedLately: (now: Millis, peer: NodeHandle) => boolean;
  }) {
    this.#config = deps.config;
    this.#at = deps.at;
    this.#isHurried = deps.isHurried;
    this.#reachedLately = deps.reachedLately;
    this.#measures = deps.config.measuresBurst;
    this.#timeoutMs = deps.timeoutMs;
    this.#helpers = deps.helpers;
  }

  /** Probes under way. */
  get size(): number {
    return this.#byPeer.size;
  }

  next(): Millis {
    return this.#due.next();
  }

  /** Pings sent, and asked for, since the last call about peers that were in use; those to candidates do not count. */
  takeSpent(): number {
    const spent = this.#spent;
    this.#spent = 0;
    return spent;
  }

  /** True while it is open whether a peer that we use lives. */
  doubts(peer: Id): boolean {
    if (this.#byPeer.size === 0) return false;
    const probe = this.#byPeer.get(peer);
    return probe !== undefined && probe.kind !== 'measure';
  }

  /** Begins a probe; a probe under way goes on, as the stronger of both kinds. `missed`: attempts of another kind that went unanswered before. */
  begin(now: Millis, peer: NodeHandle, kind: ProbeKind, missed = 0): readonly ProbeEffect[] {
    const running = this.#byPeer.get(peer.id);
    if (running !== undefined && running.peer.incarnation >= peer.incarnation) {
      if (kind === 'confirm') running.foundDead = true;
      if (STRENGTH[kind] > STRENGTH[running.kind]) running.kind = kind;
      return NONE;
    }
    if (kind === 'measure' && !this.#mayMeasure(now)) return NONE;
    const probe: Probe = { peer, kind, firstNonce: this.#nextNonce, missed, sentAt: [], indirect: false, rounds: this.#reachedLately(now, peer) ? ROUNDS_WHERE_DOUBTFUL : 1, reachedByOthers: false, foundDead: kind === 'confirm' };
    // One nonce for every ping this probe may send, the one beside the indirect probes among them.
    this.#nextNonce += NONCES;
    this.#byPeer.set(peer.id, probe);
    return [this.#ping(now, probe)];
  }

  /** The peer answered: how long it took, if this nonce is ours. Ends the probe. */
  answered(now: Millis, peer: Id, nonce: number): Millis | undefined {
    const probe = this.#byPeer.get(peer);
    if (probe === undefined) return undefined;
    const sentAt = probe.sentAt[nonce - probe.firstNonce];
    if (sentAt === undefined) return undefined;
    this.#end(peer);
    return now - sentAt;
  }

  /** Another node reached the target of a verification. */
  reported(target: Id): void {
    const probe = this.#byPeer.get(target);
    if (probe !== undefined && probe.indirect) probe.reachedByOthers = true;
  }

  /** Forgets a probe whose question is answered otherwise. */
  cancel(peer: Id): void {
    if (this.#byPeer.has(peer)) this.#end(peer);
  }

  tick(now: Millis): readonly ProbeEffect[] {
    if (now < this.#due.next()) return NONE;
    const out: ProbeEffect[] = [];
    for (const id of this.#due.takeDue(now)) {
      const probe = this.#byPeer.get(id);
      if (probe !== undefined) this.#overdue(now, probe, out);
    }
    return out;
  }

  state(now: Millis): Json {
    const open = [...this.#byPeer.values()].map((probe) => ({
      peer: handleState(probe.peer),
      kind: probe.kind,
      firstNonce: probe.firstNonce,
      missed: probe.missed,
      sentMs: probe.sentAt.map((at) => at - now),
      indirect: probe.indirect,
      rounds: probe.rounds,
      reachedByOthers: probe.reachedByOthers,
      foundDead: probe.foundDead,
    }));
    return { open, nextNonce: this.#nextNonce, measures: this.#measuresLeft(now), spent: this.#spent };
  }

  #mayMeasure(now: Millis): boolean {
    this.#measures = this.#measuresLeft(now);
    this.#measuresAt = now;
    if (this.#measures < 1 || this.#byPeer.size >= this.#config.measuresMax) return false;
    this.#measures -= 1;
    return true;
  }

  #measuresLeft(now: Millis): number {
    const { measuresBurst, measuresPerSecond } = this.#config;
    return Math.min(measuresBurst, this.#measures + ((now - this.#measuresAt) * measuresPerSecond) / 1_000);
  }

  #overdue(now: Millis, probe: Probe, out: ProbeEffect[]): void {
    if (probe.foundDead || probe.reachedByOthers || probe.rounds === 0) this.#conclude(probe, out);
    else if (probe.indirect) this.#askAround(now, probe, out);
    else if (probe.missed + probe.sentAt.length < this.#tries(probe.kind)) out.push(this.#ping(now, probe));
    else if (probe.kind === 'verify') this.#askAround(now, probe, out);
    else this.#conclude(probe, out);
  }

  #tries(kind: ProbeKind): number {
    const { checkTries, measureTries, verifyTries } = this.#config;
    // In a hurry others are asked along with our own second ping.
    return { measure: measureTries, check: checkTries, confirm: 1, verify: this.#isHurried() ? 1 : verifyTries }[kind];
  }

  #conclude(probe: Probe, out: ProbeEffect[]): void {
    this.#end(probe.peer.id);
    const { kind, peer, reachedByOthers } = probe;
    if (kind === 'measure' || kind === 'check') out.push({ type: 'silent', peer });
    else out.push({ type: reachedByOthers ? 'unreachable' : 'dead', peer });
  }

  #askAround(now: Millis, probe: Probe, out: ProbeEffect[]): void {
    probe.indirect = true;
    probe.rounds--;
    const nonce = probe.firstNonce + probe.sentAt.length;
    let asked = 0;
    for (const helper of this.#helpers(probe.peer)) {
      if (asked === this.#config.indirectHelpers) break;
      if (helper.id === probe.peer.id) continue;
      asked++;
      this.#spent++;
      out.push({ type: 'send', to: helper, message: { type: 'pingRequest', nonce, target: probe.peer } });
    }
    out.push(this.#ping(now, probe));
  }

  #ping(now: Millis, probe: Probe): ProbeEffect {
    const nonce = probe.firstNonce + probe.sentAt.length;
    const backOff = this.#backOff(probe);
    const waitMs = Math.min(this.#config.timeoutMaxMs, this.#timeoutMs(probe.peer.id) * backOff);
    probe.sentAt.push(now);
    if (probe.kind !== 'measure') this.#spent++;
    this.#due.set(probe.peer.id, now + waitMs);
    return { type: 'send', to: probe.peer, message: { type: 'ping', nonce, at: this.#at() } };
  }

  // The only ping of a confirmation waits as long as a second one.
  #backOff(probe: Probe): number {
    if (probe.indirect || probe.kind === 'confirm') return 2;
    return 2 ** (probe.missed + probe.sentAt.length);
  }

  #end(peer: Id): void {
    this.#byPeer.delete(peer);
    this.#due.delete(peer);
  }
}

/** Whom others could reach is silent for us for another reason than death; it is not dead because their answers got lost once. */
const ROUNDS_WHERE_DOUBTFUL = 2;
/** More than any probe sends pings. */
const NONCES = 16;
const NONE: readonly ProbeEffect[] = [];
