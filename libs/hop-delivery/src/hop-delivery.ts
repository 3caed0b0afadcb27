import type { Id } from '@banyan/ids';
import {
  envelopeName,
  HOPS_MAX,
  type Coordinate,
  type Envelope,
  type Geometry,
  type Hop,
  type HopAttempt,
  type HopId,
  type HopRecord,
  type NodeHandle,
  type RoutingEffect,
} from '@banyan/kbr';
import type { Bound, Json, Millis } from '@banyan/sansio';
import type { HopDeliveryConfig } from './config.ts';
import type { HopMessage } from './messages.ts';
import { Parking } from './parking.ts';
import { SeenWindow } from './seen-window.ts';
import { UnackedHops, type UnackedHop } from './unacked.ts';

/** What hop delivery asks of the routing machine it belongs to; most of it goes straight on to the shell. */
export type HopEffect =
  | Extract<RoutingEffect<HopMessage>, { readonly type: 'send' | 'hopDone' | 'deliver' | 'forward' | 'drop' }>
  /** A peer let an acknowledgement time out: probe it. */
  | { readonly type: 'suspect'; readonly peer: NodeHandle }
  /** An acknowledgement measured a peer. */
  | { readonly type: 'measured'; readonly peer: Id; readonly roundTripMs: Millis };

export interface HopDeliveryDeps {
  readonly geometry: Geometry;
  readonly config: HopDeliveryConfig;
  /** How long to wait for an acknowledgement of this peer, ms. */
  readonly timeoutMs: (peer: Id) => Millis;
  /** Where this node lies, told in messages that seek a near replica. */
  readonly place: () => Coordinate;
  /** Smoothed round-trip time, for explained routes. */
  readonly roundTripMs: (peer: Id) => Millis | undefined;
  /** From where numbers go on, when this life has given some already. */
  readonly numbers?: HopNumbers;
}

/** The next numbers that a node gives to a hop and to a message of its own; no number is given twice in one life. */
export interface HopNumbers {
  readonly hopId: HopId;
  readonly counter: number;
}

/** A message that begins its route here. */
export interface RouteRequest {
  readonly app: string;
  readonly key: Id;
  readonly body: unknown;
  readonly trace?: string;
  readonly explain?: boolean;
  readonly nearestOf?: number;
}

/**
 * Passes routed messages on, hop by hop, over any geometry: whoever acknowledged a message keeps it until the next one
 * has, or until it is delivered. A silent next hop is excluded for this message and probed; a silent root is asked again
 * until liveness says that it is dead, for no other node may deliver in its place.
 * Source: Castro, Costa, Rowstron 2004, §3.2 (per-hop acknowledgements, exclusion, the rule of the last hop).
 */
export class HopDelivery {
  readonly #deps: HopDeliveryDeps;
  readonly #unacked = new UnackedHops();
  readonly #parking = new Parking();
  readonly #hopsSeen: SeenWindow<undefined>;
  /** Names with their keys; undefined for those that another root told us. */
  readonly #namesDelivered: SeenWindow<Id | undefined>;
  #nextHopId: HopId;
  #nextCounter: number;
  /** Messages received before that time have waited while this node was stalled. */
  #freshFrom: Millis = -Infinity;
  /** The choice told in the last `forward`: `resume` mostly follows it at once and need not choose again. */
  #offered: { readonly key: Id; readonly hop: Hop } | undefined;

  constructor(deps: HopDeliveryDeps) {
    const bounds = { forMs: deps.config.seenForMs, max: deps.config.seenMax };
    this.#deps = deps;
    this.#nextHopId = deps.numbers?.hopId ?? 1;
    this.#nextCounter = deps.numbers?.counter ?? 1;
    this.#hopsSeen = new SeenWindow(bounds);
    this.#namesDelivered = new SeenWindow(bounds);
  }

  /** Takes a message of our own. */
  originate(now: Millis, request: RouteRequest): readonly HopEffect[] {
    if (this.#isFull()) return [drop('unacked_full')];
    const envelope: Envelope = {
      app: request.app,
      key: request.key,
      body: request.body,
      origin: this.#deps.geometry.self,
      counter: this.#nextCounter++,
      hops: 0,
      ...(request.explain === true ? { record: [] } : {}),
      ...(request.nearestOf === undefined ? {} : { seek: { replicas: request.nearestOf, from: this.#deps.place() } }),
      ...(request.trace === undefined ? {} : { trace: request.trace }),
    };
    return this.#advance(now, envelope, now);
  }

  receive(now: Millis, from: NodeHandle, message: HopMessage): readonly HopEffect[] {
    if (message.type === 'hopAck') return this.#onAck(now, from, message.hopId);
    if (now < this.#freshFrom) return [drop('stalled')];
    const acknowledge: HopEffect = { type: 'send', to: from, message: { type: 'hopAck', hopId: message.hopId } };
    const name = `${from.id}:${from.incarnation}:${message.hopId}`;
    // A repeated hop is acknowledged again: our earlier acknowledgement may be what got lost.
    if (this.#hopsSeen.has(now, name)) return [acknowledge];
    // Without an acknowledgement the sender keeps the message and finds another way.
    if (this.#isFull()) return [drop('unacked_full')];
    this.#hopsSeen.addIfNew(now, name, undefined);
    // Never straight back: where two nodes take each other for the root, the message waits for them to agree.
    return [acknowledge, ...this.#advance(now, message.envelope, now, new Set([from.id]))];
  }

  /**
   * This node did not run for `forMs`. What comes in the next moment has waited for it, perhaps for longer than its name is
   * remembered where it was delivered by another way: it is not taken. Whoever still has it in his care sends it again.
   * What this node itself has in its care it keeps as if no time had passed: nobody else has it.
   */
  stalled(now: Millis, forMs: Millis): void {
    this.#unacked.excuse(forMs);
    this.#parking.excuse(forMs);
    if (forMs >= this.#deps.config.stallMs) this.#freshFrom = now + this.#deps.config.staleForMs;
  }

  /**
   * Lets a forwarded message go on; an application may have chosen another hop, if that makes progress. Without a hop the
   * choice is made anew: the message was kept for a while, and this node may have become its root.
   */
  resume(now: Millis, envelope: Envelope, nextHop?: NodeHandle): readonly HopEffect[] {
    if (nextHop === undefined) return this.#retake(now, envelope);
    const offered = this.#offered;
    if (offered !== undefined && offered.key === envelope.key && offered.hop.to.id === nextHop.id) {
      return [this.#send(now, { taken: envelope, takenAt: now, hop: offered.hop, attempt: 1, excluded: NO_PEERS })];
    }
    const own = this.#deps.geometry.nextHop(envelope.key, NO_PEERS, envelope.seek);
    if (own?.to.id === nextHop.id && own.rule !== 'self') {
      return [this.#send(now, { taken: envelope, takenAt: now, hop: own, attempt: 1, excluded: NO_PEERS })];
    }
    if (nextHop.id === this.#deps.geometry.self.id || !this.#deps.geometry.makesProgress(envelope.key, nextHop)) return [drop('no_progress')];
    const hop: Hop = { to: nextHop, rule: 'application' };
    return [this.#send(now, { taken: envelope, takenAt: now, hop, attempt: 1, excluded: NO_PEERS })];
  }

  /** A life is over: what waited for it goes another way at once. */
  peerLost(now: Millis, peer: NodeHandle): readonly HopEffect[] {
    return this.#unacked
      .towards(peer.id)
      .filter((hop) => hop.hop.to.incarnation <= peer.incarnation)
      .flatMap((hop) => [...this.#end(now, hop, 'timeout'), ...this.#retryElsewhere(now, hop)]);
  }

  /** Tries parked messages again: this node became ready, its leaf set or its leases changed. */
  retryParked(now: Millis): readonly HopEffect[] {
    if (this.#parking.size === 0) return NONE;
    return this.#parking.takeAll().flatMap(({ envelope, since }) => {
      if (now - since >= this.#deps.config.parkedForMs) return [drop('parked_too_long')];
      return this.#advance(now, envelope, since);
    });
  }

  /** The newest names we delivered whose keys now belong to another: a late copy of them must not be delivered there again. */
  handOver(now: Millis, isTheirs: (key: Id) => boolean): readonly string[] {
    return this.#namesDelivered.newest(now, (key) => key !== undefined && isTheirs(key), this.#deps.config.handOverMax);
  }

  /** Names that the former root of our keys has delivered. */
  takeOver(now: Millis, names: readonly string[]): void {
    for (const name of names) this.#namesDelivered.addIfNew(now, name, undefined);
  }

  tick(now: Millis): readonly HopEffect[] {
    const overdue = this.#unacked.takeDue(now).flatMap((hop) => this.#overdue(now, hop));
    return this.#parking.next() > now ? overdue : [...overdue, ...this.retryParked(now)];
  }

  next(): Millis {
    return Math.min(this.#unacked.next(), this.#parking.next());
  }

  /** True while a message waits for its root, or for this node to become it. */
  get hasParked(): boolean {
    return this.#parking.size > 0;
  }

  /** How many messages are in our care: unacknowledged, parked. */
  load(): { readonly unacked: number; readonly parked: number } {
    return { unacked: this.#unacked.size, parked: this.#parking.size };
  }

  /** The numbers it would give next. */
  numbers(): HopNumbers {
    return { hopId: this.#nextHopId, counter: this.#nextCounter };
  }

  /** Every queue and window with its limit. */
  bounds(): readonly Bound[] {
    const { unackedMax, parkedMax, seenMax } = this.#deps.config;
    return [
      { name: 'unacknowledged hops', size: this.#unacked.size, limit: unackedMax },
      { name: 'parked messages', size: this.#parking.size, limit: parkedMax },
      { name: 'hops seen', size: this.#hopsSeen.size, limit: seenMax },
      { name: 'names delivered', size: this.#namesDelivered.size, limit: seenMax },
    ];
  }

  state(now: Millis): Json {
    return {
      unacked: this.#unacked.state(now),
      parked: this.#parking.state(now),
      hopsSeen: this.#hopsSeen.size,
      namesDelivered: this.#namesDelivered.size,
      nextHopId: this.#nextHopId,
      nextCounter: this.#nextCounter,
    };
  }

  #isFull(): boolean {
    return this.#unacked.size >= this.#deps.config.unackedMax || this.#parking.size >= this.#deps.config.parkedMax;
  }

  #advance(now: Millis, envelope: Envelope, since: Millis, excluded: ReadonlySet<Id> = NO_PEERS): readonly HopEffect[] {
    const hop = this.#deps.geometry.nextHop(envelope.key, excluded, envelope.seek);
    if (hop === undefined) return this.#park(now, envelope, since);
    if (hop.rule === 'self') return this.#arrive(now, envelope);
    if (envelope.hops >= HOPS_MAX) return [drop('hops_max')];
    this.#offered = { key: envelope.key, hop };
    return [{ type: 'forward', envelope, nextHop: hop.to }];
  }

  #arrive(now: Millis, envelope: Envelope): readonly HopEffect[] {
    if (!this.#namesDelivered.addIfNew(now, envelopeName(envelope), envelope.key)) return [drop('duplicate')];
    return [{ type: 'deliver', envelope }];
  }

  #retake(now: Millis, envelope: Envelope): readonly HopEffect[] {
    const hop = this.#deps.geometry.nextHop(envelope.key, NO_PEERS);
    if (hop === undefined) return this.#park(now, envelope, now);
    if (hop.rule === 'self') return this.#arrive(now, envelope);
    return [this.#send(now, { taken: envelope, takenAt: now, hop, attempt: 1, excluded: NO_PEERS })];
  }

  #park(now: Millis, envelope: Envelope, since: Millis): readonly HopEffect[] {
    this.#parking.add({ envelope, since }, now + this.#deps.config.parkedRetryMs);
    return NONE;
  }

  #send(now: Millis, attempt: Pick<UnackedHop, 'taken' | 'takenAt' | 'hop' | 'attempt' | 'excluded'>): HopEffect {
    const { taken, hop } = attempt;
    const record = this.#record(now, attempt);
    const envelope: Envelope =
      taken.record === undefined ? { ...taken, hops: taken.hops + 1 } : { ...taken, hops: taken.hops + 1, record: [...taken.record, record] };
    const sent: UnackedHop = { ...attempt, hopId: this.#nextHopId++, envelope, sentAt: now, retransmissions: 0 };
    this.#unacked.set(sent, now + this.#timeoutMs(sent));
    return { type: 'send', to: hop.to, message: { type: 'envelope', hopId: sent.hopId, envelope }, hop: this.#attemptOf(sent, record) };
  }

  #onAck(now: Millis, from: NodeHandle, hopId: HopId): readonly HopEffect[] {
    const hop = this.#unacked.get(hopId);
    if (hop === undefined || hop.hop.to.id !== from.id) return NONE;
    const done = this.#end(now, hop, 'acknowledged');
    // Karn's rule: after a retransmission nobody knows which of the two was acknowledged.
    if (hop.retransmissions > 0) return done;
    return [...done, { type: 'measured', peer: from.id, roundTripMs: now - hop.sentAt }];
  }

  #overdue(now: Millis, hop: UnackedHop): readonly HopEffect[] {
    const suspect: HopEffect = { type: 'suspect', peer: hop.hop.to };
    if (now - hop.takenAt >= this.#deps.config.giveUpMs) return [suspect, ...this.#end(now, hop, 'timeout'), drop('hop_gave_up')];
    if (hop.hop.last === true) return [suspect, ...this.#askRootAgain(now, hop)];
    const excluded = new Set(hop.excluded).add(hop.hop.to.id);
    const other = this.#deps.geometry.nextHop(hop.taken.key, excluded, hop.taken.seek);
    if (other === undefined) return [suspect, this.#retransmit(now, hop)];
    if (other.rule === 'self') return [suspect, ...this.#end(now, hop, 'timeout'), ...this.#arrive(now, hop.taken)];
    if (other.to.id === hop.hop.to.id) return [suspect, this.#retransmit(now, hop)];
    const next = { taken: hop.taken, takenAt: hop.takenAt, hop: other, attempt: hop.attempt + 1, excluded };
    return [suspect, ...this.#end(now, hop, 'timeout'), this.#send(now, next)];
  }

  /**
   * A silent root may have delivered already, its acknowledgement lost: one that is farther from the key would deliver once
   * more. One that is nearer is the root whatever the silent one is: that looked like it only while a gap hid the nearer one.
   * One that stays silent may be so for this node only: then it is reached by way of another. Each waits before it does so, for
   * that other may not reach it either.
   */
  #askRootAgain(now: Millis, hop: UnackedHop): readonly HopEffect[] {
    const { config, geometry } = this.#deps;
    const { key, seek } = hop.taken;
    const other = geometry.nextHop(key, NO_PEERS, seek);
    if (other !== undefined && geometry.isNearer(key, other.to, hop.hop.to)) return [...this.#end(now, hop, 'timeout'), ...this.#retryElsewhere(now, hop)];
    const detour = now - hop.takenAt < config.detourMs ? undefined : geometry.detour(hop.hop.to);
    if (detour === undefined || hop.taken.hops >= HOPS_MAX) return [this.#retransmit(now, hop)];
    const next = { taken: hop.taken, takenAt: hop.takenAt, hop: detour, attempt: hop.attempt + 1, excluded: NO_PEERS };
    return [...this.#end(now, hop, 'timeout'), this.#send(now, next)];
  }

  #retransmit(now: Millis, hop: UnackedHop): HopEffect {
    hop.retransmissions++;
    this.#unacked.set(hop, now + this.#timeoutMs(hop));
    const message: HopMessage = { type: 'envelope', hopId: hop.hopId, envelope: hop.envelope };
    return { type: 'send', to: hop.hop.to, message, hop: this.#attemptOf(hop, this.#record(now, hop)) };
  }

  #retryElsewhere(now: Millis, hop: UnackedHop): readonly HopEffect[] {
    const other = this.#deps.geometry.nextHop(hop.taken.key, NO_PEERS, hop.taken.seek);
    if (other === undefined) return this.#park(now, hop.taken, hop.takenAt);
    if (other.rule === 'self') return this.#arrive(now, hop.taken);
    return [this.#send(now, { taken: hop.taken, takenAt: hop.takenAt, hop: other, attempt: hop.attempt + 1, excluded: NO_PEERS })];
  }

  #end(now: Millis, hop: UnackedHop, outcome: 'acknowledged' | 'timeout'): readonly HopEffect[] {
    this.#unacked.delete(hop.hopId);
    return [{ type: 'hopDone', hopId: hop.hopId, outcome, roundTripMs: now - hop.sentAt }];
  }

  #timeoutMs(hop: UnackedHop): Millis {
    const backOff = 2 ** Math.min(hop.retransmissions, BACK_OFF_DOUBLINGS_MAX);
    return Math.min(this.#deps.config.ackTimeoutMaxMs, this.#deps.timeoutMs(hop.hop.to.id) * backOff);
  }

  #record(now: Millis, attempt: Pick<UnackedHop, 'takenAt' | 'hop'>): HopRecord {
    const { to, rule, row, column } = attempt.hop;
    const roundTripMs = this.#deps.roundTripMs(to.id);
    return {
      at: this.#deps.geometry.self.id,
      to: to.id,
      rule,
      ...(row === undefined ? {} : { row }),
      ...(column === undefined ? {} : { column }),
      ...(roundTripMs === undefined ? {} : { roundTripMs }),
      waitMs: now - attempt.takenAt,
    };
  }

  #attemptOf(hop: UnackedHop, record: HopRecord): HopAttempt {
    const { hopId, envelope, attempt } = hop;
    const last = hop.hop.last === undefined ? {} : { last: hop.hop.last };
    const named = { ...record, hopId, key: envelope.key, app: envelope.app, index: envelope.hops, attempt, ...last };
    return envelope.trace === undefined ? named : { ...named, trace: envelope.trace };
  }
}

function drop(reason: string): HopEffect {
  return { type: 'drop', reason, count: 1 };
}

const BACK_OFF_DOUBLINGS_MAX = 6;
const NONE: readonly HopEffect[] = [];
const NO_PEERS: ReadonlySet<Id> = new Set();
