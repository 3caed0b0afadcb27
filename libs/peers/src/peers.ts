import type { Id } from '@banyan/ids';
import { handleState, NOWHERE, type Coordinate, type NodeHandle } from '@banyan/kbr';
import type { Bound, Json, Millis, Rng } from '@banyan/sansio';
import type { PeersConfig } from './config.ts';
import { Coordinates, isBelievable, placeState } from './coordinates.ts';
import { LifeSet } from './life-set.ts';
import type { FailedLife, PeerMessage } from './messages.ts';
import { PeerRecords } from './peer-records.ts';
import { Probes, type ProbeEffect, type ProbeKind } from './probes.ts';
import { Strangers } from './strangers.ts';

/** What liveness tells the machine it belongs to. */
export type PeerEffect =
  | ProbeEffect
  /** The peer answered a ping, or told that we answered its own, so it lives and its round-trip time is known; `ready`: an active ring member. */
  | { readonly type: 'answered'; readonly peer: NodeHandle; readonly ready: boolean };

/** How the sender of a message stands to what we knew of it. */
export type Heard =
  /** The life we know, or a node we did not know. */
  | { readonly type: 'current' }
  /** An older life than the one we know: its message does not count. */
  | { readonly type: 'stale' }
  /** We had believed this very life dead: we were wrong. */
  | { readonly type: 'revived' }
  /** The node started again: `former` is over. */
  | { readonly type: 'restarted'; readonly former: NodeHandle };

export interface PeersDeps {
  readonly self: NodeHandle;
  readonly config: PeersConfig;
  /** Whom to ask about a silent member, best first. */
  readonly helpers: (target: NodeHandle) => readonly NodeHandle[];
  /** True for peers that stand in a table and must not be forgotten. */
  readonly keeps: (peer: Id) => boolean;
  /** True when a node at about that distance would be worth a place in a table. */
  readonly wants: (peer: NodeHandle, roundTripMs: Millis) => boolean;
  /** True while nodes fail so often that a death is the likely cause of silence: it is believed sooner. */
  readonly isHurried: () => boolean;
  /** For the place of a node that lies exactly where another does. */
  readonly rng: Rng;
}

interface Relay {
  readonly asker: NodeHandle;
  readonly askerNonce: number;
  readonly target: Id;
}

/**
 * What one node knows of others by its own contact with them: which life they are in, how far away they are, whether
 * they answer. Nothing here is believed on hearsay: a death is the end of our own probes, and of probes we asked for.
 */
export class Peers {
  /** Told to those who ping us. */
  ready = false;
  readonly #deps: PeersDeps;
  readonly #records = new PeerRecords();
  readonly #failed: LifeSet;
  readonly #unreachable: LifeSet;
  readonly #probes: Probes;
  readonly #coordinates: Coordinates;
  readonly #strangers = new Strangers();
  readonly #relays = new Map<number, Relay>();
  /** Above every nonce that a probe of ours will reach, so that relayed pings are told apart. */
  #nextRelayNonce = RELAY_NONCE_FIRST;
  /** What was sent earlier measures nothing. */
  #measuresFrom: Millis = -Infinity;

  constructor(deps: PeersDeps) {
    const { config } = deps;
    this.#deps = deps;
    this.#failed = new LifeSet({ forMs: config.failedForMs, max: config.failedMax });
    this.#unreachable = new LifeSet({ forMs: config.unreachableForMs, max: config.unreachableMax });
    this.#coordinates = new Coordinates(deps.rng);
    this.#probes = new Probes({ config, at: () => this.#coordinates.own, timeoutMs: (peer) => this.timeoutMs(peer), helpers: deps.helpers, isHurried: deps.isHurried, reachedLately: (now, peer) => this.#unreachable.has(now, peer) });
  }

  /** Every message comes by here first: newer lives win, older ones are ignored, the dead who speak live, the unreachable are tried again. */
  heard(now: Millis, from: NodeHandle): Heard {
    this.#unreachable.delete(from.id);
    const row = this.#records.rowOf(from.id);
    const revived = this.#failed.has(now, from);
    if (row === undefined) {
      this.#remember(now, from);
      if (revived) this.#failed.delete(from.id);
      return revived ? REVIVED : CURRENT;
    }
    const former = this.#records.handle(row);
    if (from.incarnation < former.incarnation) return STALE;
    this.#records.setHeardAt(row, now);
    if (from.incarnation > former.incarnation) {
      this.#records.setHandle(row, from);
      this.#probes.cancel(from.id);
      return { type: 'restarted', former };
    }
    if (revived) this.#failed.delete(from.id);
    return revived ? REVIVED : CURRENT;
  }

  receive(now: Millis, from: NodeHandle, message: PeerMessage): readonly PeerEffect[] {
    switch (message.type) {
      case 'ping':
        return this.#onPing(from, message);
      case 'pong':
        return this.#onPong(now, from, message);
      case 'pingRequest':
        return this.#onPingRequest(from, message);
      case 'pingReport':
        this.#probes.reported(message.target);
        return NONE;
      case 'distance':
        return this.#onDistance(from, message.roundTripMs);
    }
  }

  /** Begins a probe of `peer` unless one is under way; `missed` attempts went unanswered already. */
  probe(now: Millis, peer: NodeHandle, kind: ProbeKind, missed = 0): readonly PeerEffect[] {
    return peer.id === this.#deps.self.id ? NONE : this.#probes.begin(now, peer, kind, missed);
  }

  /** Takes note that this life is over, by our own probes or by its own word. */
  bury(now: Millis, peer: NodeHandle): void {
    this.#probes.cancel(peer.id);
    this.#failed.add(now, peer);
  }

  /** Takes note that others reach this peer and we do not. */
  markUnreachable(now: Millis, peer: NodeHandle): void {
    this.#unreachable.add(now, peer);
  }

  /** Shuns nobody any more: a partition has healed, and the dead and unreachable may have been behind it only. */
  forgive(): void {
    this.#failed.clear();
    this.#unreachable.clear();
  }

  /**
   * This node did not run until now. An answer to what it sent before has waited here: the time measures the pause, and every
   * peer would look as far away as that.
   */
  stalled(now: Millis): void {
    this.#measuresFrom = now;
  }

  /** Adds a measurement of our own: the answer to a ping, a hop's acknowledgement, a leaf-set reply. */
  measured(now: Millis, peer: Id, roundTripMs: Millis): void {
    if (now - roundTripMs >= this.#measuresFrom) this.told(peer, roundTripMs);
  }

  /** Adds what the peer itself has measured. */
  told(peer: Id, roundTripMs: Millis): void {
    const row = this.#records.rowOf(peer);
    if (row === undefined) return;
    if (this.#records.roundTrips.smoothedMs(row) === undefined) this.#strangers.add(roundTripMs);
    this.#records.roundTrips.add(row, roundTripMs);
    this.#coordinates.sample(this.#records.place(row), roundTripMs);
  }

  /** Takes note of where a peer says that it lies, if that can be. */
  placed(peer: Id, at: Coordinate): void {
    const row = this.#records.rowOf(peer);
    if (row !== undefined) this.#records.setPlace(row, isBelievable(at) ? at : NOWHERE);
  }

  /** Where this node lies, to be told to others. */
  get place(): Coordinate {
    return this.#coordinates.own;
  }

  /** Where a peer said that it lies; `NOWHERE` when it did not. */
  placeOf(peer: Id): Coordinate {
    const row = this.#records.rowOf(peer);
    return row === undefined ? NOWHERE : this.#records.place(row);
  }

  /** The likely round-trip time to a node at that place; undefined while either place is not well known. */
  predictMs(place: Coordinate): Millis | undefined {
    return this.#coordinates.predictMs(place);
  }

  tick(now: Millis): readonly PeerEffect[] {
    return this.#probes.tick(now);
  }

  next(): Millis {
    return this.#probes.next();
  }

  /** Pings sent, and asked for, since the last call about peers that were in use. */
  takeSpentPings(): number {
    return this.#probes.takeSpent();
  }

  /** How long to wait for an answer of this peer. One that was never measured is given what nearly all others would do with. */
  timeoutMs(peer: Id): Millis {
    const { config } = this.#deps;
    const row = this.#records.rowOf(peer);
    const isMeasured = row !== undefined && this.#records.roundTrips.smoothedMs(row) !== undefined;
    return isMeasured ? this.#records.roundTrips.timeoutMs(row, config) : this.#strangers.timeoutMs(config);
  }

  roundTripMs(peer: Id): Millis | undefined {
    const row = this.#records.rowOf(peer);
    return row === undefined ? undefined : this.#records.roundTrips.smoothedMs(row);
  }

  /** What table slots are chosen by; undefined before the first measurement. */
  proximityMs(peer: Id): Millis | undefined {
    const row = this.#records.rowOf(peer);
    return row === undefined ? undefined : this.#records.roundTrips.proximityMs(row);
  }

  heardAt(peer: Id): Millis | undefined {
    const row = this.#records.rowOf(peer);
    return row === undefined ? undefined : this.#records.heardAt(row);
  }

  /** True when this life may not be taken on hearsay: dead, unreachable from here, or over since a newer one began. */
  isShunned(now: Millis, life: FailedLife): boolean {
    return this.#failed.has(now, life) || this.#unreachable.has(now, life) || this.#isFormer(life);
  }

  /**
   * The same for a leaf that others have: a while after its death they would have missed it, too. It may have been cut off from
   * here only when we believed it dead or found it out of reach, and as nobody's neighbor but ours it would never speak to us again.
   */
  isQuarantined(now: Millis, leaf: FailedLife): boolean {
    const { quarantineMs } = this.#deps.config;
    return this.#failed.hasSince(now, leaf, quarantineMs) || this.#unreachable.hasSince(now, leaf, quarantineMs) || this.#isFormer(leaf);
  }

  /** True while it is open whether a peer lives, or when it is out of our reach: routes go around it where they can. */
  isDoubtful(now: Millis, peer: NodeHandle): boolean {
    return this.#probes.doubts(peer.id) || this.#unreachable.has(now, peer);
  }

  /** True when this life is over as far as we have found out. */
  isDead(now: Millis, life: FailedLife): boolean {
    return this.#failed.has(now, life);
  }

  /** True when others reach this life and we do not. */
  isUnreachable(now: Millis, peer: NodeHandle): boolean {
    return this.#unreachable.has(now, peer);
  }

  /** The newest of the dead among those asked for. */
  failedAmong(now: Millis, isAskedFor: (id: Id) => boolean): readonly FailedLife[] {
    return this.#failed.newest(now, this.#deps.config.failedToldMax, isAskedFor);
  }

  /** Every table with its limit. */
  bounds(): readonly Bound[] {
    const { failedMax, measuresMax, recordsMax, relaysMax, unreachableMax } = this.#deps.config;
    return [
      { name: 'peers known', size: this.#records.size, limit: recordsMax },
      { name: 'dead remembered', size: this.#failed.size, limit: failedMax },
      { name: 'unreachable remembered', size: this.#unreachable.size, limit: unreachableMax },
      // Candidates are measured up to a bound; beside them only members of the tables are probed.
      { name: 'probes', size: this.#probes.size, limit: measuresMax + recordsMax },
      { name: 'pings for others', size: this.#relays.size, limit: relaysMax },
    ];
  }

  state(now: Millis): Json {
    return {
      coordinates: this.#coordinates.state(),
      strangers: this.#strangers.state(),
      known: this.#records.rows().map((row) => ({
        peer: handleState(this.#records.handle(row)),
        heardMs: this.#records.heardAt(row) - now,
        roundTrip: this.#records.roundTrips.state(row),
        place: placeState(this.#records.place(row)),
      })),
      relays: [...this.#relays].map(([nonce, { asker, askerNonce, target }]) => ({ nonce, asker: asker.id, askerNonce, target })),
      nextRelayNonce: this.#nextRelayNonce,
      failed: this.#failed.state(now),
      unreachable: this.#unreachable.state(now),
      probes: this.#probes.state(now),
    };
  }

  #onPing(from: NodeHandle, { at, nonce }: Extract<PeerMessage, { type: 'ping' }>): readonly PeerEffect[] {
    this.placed(from.id, at);
    const predictedMs = this.ready && this.proximityMs(from.id) === undefined ? this.#coordinates.predictMs(at) : undefined;
    const wants = predictedMs !== undefined && this.#deps.wants(from, predictedMs);
    return [{ type: 'send', to: from, message: { type: 'pong', nonce, ready: this.ready, at: this.#coordinates.own, wants } }];
  }

  // We asked to be told, and only an active member tells.
  #onDistance(from: NodeHandle, roundTripMs: Millis): readonly PeerEffect[] {
    if (!(roundTripMs >= 0) || this.proximityMs(from.id) !== undefined) return NONE;
    this.told(from.id, roundTripMs);
    return [{ type: 'answered', peer: from, ready: true }];
  }

  #onPong(now: Millis, from: NodeHandle, pong: Extract<PeerMessage, { type: 'pong' }>): readonly PeerEffect[] {
    const relay = this.#relays.get(pong.nonce);
    if (relay !== undefined && relay.target === from.id) {
      this.#relays.delete(pong.nonce);
      return [{ type: 'send', to: relay.asker, message: { type: 'pingReport', nonce: relay.askerNonce, target: from.id } }];
    }
    const roundTripMs = this.#probes.answered(now, from.id, pong.nonce);
    if (roundTripMs === undefined) return NONE;
    this.placed(from.id, pong.at);
    this.measured(now, from.id, roundTripMs);
    const answered: PeerEffect = { type: 'answered', peer: from, ready: pong.ready };
    if (!pong.wants || !this.ready) return [answered];
    return [answered, { type: 'send', to: from, message: { type: 'distance', roundTripMs } }];
  }

  #onPingRequest(from: NodeHandle, request: Extract<PeerMessage, { type: 'pingRequest' }>): readonly PeerEffect[] {
    for (const oldest of this.#relays.keys()) {
      if (this.#relays.size < this.#deps.config.relaysMax) break;
      this.#relays.delete(oldest);
    }
    const nonce = this.#nextRelayNonce++;
    this.#relays.set(nonce, { asker: from, askerNonce: request.nonce, target: request.target.id });
    return [{ type: 'send', to: request.target, message: { type: 'ping', nonce, at: this.#coordinates.own } }];
  }

  #isFormer(life: FailedLife): boolean {
    const row = this.#records.rowOf(life.id);
    return row !== undefined && this.#records.handle(row).incarnation > life.incarnation;
  }

  #remember(now: Millis, handle: NodeHandle): void {
    this.#records.add(handle, now, { max: this.#deps.config.recordsMax, keeps: this.#deps.keeps });
  }
}

const RELAY_NONCE_FIRST = 2 ** 40;
const NONE: readonly PeerEffect[] = [];
const CURRENT: Heard = { type: 'current' };
const STALE: Heard = { type: 'stale' };
const REVIVED: Heard = { type: 'revived' };
