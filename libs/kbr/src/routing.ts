import type { Id } from '@banyan/ids';
import type { Machine, Millis } from '@banyan/sansio';
import type { Upcall } from './application.ts';
import type { Coordinate } from './coordinate.ts';
import type { Envelope, HopRecord, HopRule, Seek } from './envelope.ts';
import type { NodeHandle } from './handle.ts';

/** Hops after which a message is dropped as looping; log_16 of 2^128 is 32, real routes stay below 10. */
export const HOPS_MAX = 40;

/** One attempt to pass an envelope on; named by the sender, unique among its unacknowledged hops. */
export type HopId = number;

/** The hop a geometry chose for a key. */
export interface Hop {
  readonly to: NodeHandle;
  readonly rule: HopRule;
  readonly row?: number;
  readonly column?: number;
  /** `to` is believed to be the root: it is asked until it answers or is dead, for only it may say who delivers. */
  readonly last?: true;
}

/**
 * What hop delivery needs of a geometry: a choice of next hop that always makes progress, and who the root is.
 */
export interface Geometry {
  readonly self: NodeHandle;
  /**
   * The hop towards `key`, leaving out `excluded` peers; rule `self` when this node is the root.
   * A root believed alive (`last`) is never replaced because it is excluded: undefined means "wait and try again".
   * `seek`: the message is to come by a near replica on its way.
   */
  nextHop(key: Id, excluded: ReadonlySet<Id>, seek?: Seek): Hop | undefined;
  /** True when going from here to `to` brings `key` nearer (longer prefix, or as long and numerically closer). */
  makesProgress(key: Id, to: NodeHandle): boolean;
  /** True when of two members `one` and not `other` is the root of `key`. */
  isNearer(key: Id, one: NodeHandle, other: NodeHandle): boolean;
  /**
   * A peer that may reach the `root` of a key when this node does not, or knows by now that it is dead. It need not make
   * progress, so it is for messages that have waited.
   */
  detour(root: NodeHandle): Hop | undefined;
}

/**
 * What an application may read of routing, synchronously, in its own turn. Never kept across turns.
 */
export interface RoutingView {
  readonly self: NodeHandle;
  /** False while joining or stepped back: nothing is delivered here. */
  readonly ready: boolean;
  /** True when this node is ready and the live node closest to `key` as far as it knows. */
  isRoot(key: Id): boolean;
  /** The `max` live nodes closest to `key`, closest first, self among them; from leaf set and self. */
  replicaSet(key: Id, max: number): readonly NodeHandle[];
  /** At most `max` nodes known here that bring `key` nearer, closest to it first: where a message for it may go next. */
  nextHops(key: Id, max: number): readonly NodeHandle[];
  /** Every leaf, nearest on the ring first. */
  leaves(): readonly NodeHandle[];
  /** Smoothed round-trip time to a peer in ms; undefined before it was measured. */
  roundTripMs(peer: Id): number | undefined;
  /** Where this node lies, by what it measured; `NOWHERE` of a geometry that keeps no coordinates. */
  readonly place: Coordinate;
}

/** What goes into any routing machine. `message` bodies are the geometry's own and opaque here. */
export type RoutingInput<Message = unknown> =
  | { readonly type: 'message'; readonly from: NodeHandle; readonly message: Message }
  /** Starts the join through these nodes; an empty list starts a new ring. */
  | { readonly type: 'join'; readonly seeds: readonly NodeHandle[] }
  | { readonly type: 'leave' }
  | { readonly type: 'route'; readonly app: string; readonly key: Id; readonly body: unknown; readonly trace?: string; readonly explain?: boolean; readonly nearestOf?: number }
  | { readonly type: 'resume'; readonly envelope: Envelope; readonly nextHop?: NodeHandle }
  /** A hint that a peer may be gone: its socket closed, a dial failed, or an application suspects it. */
  | { readonly type: 'suspect'; readonly peer: NodeHandle }
  /** The driver was not scheduled for this long: leases may have run out. */
  | { readonly type: 'stalled'; readonly forMs: Millis }
  | { readonly type: 'tick' };

/** What comes out of any routing machine. */
export type RoutingEffect<Message = unknown> =
  /** `hop` is present on routed messages: the shell starts a span for it and `hopDone` ends it. */
  | { readonly type: 'send'; readonly to: NodeHandle; readonly message: Message; readonly hop?: HopAttempt }
  | { readonly type: 'hopDone'; readonly hopId: HopId; readonly outcome: 'acknowledged' | 'timeout'; readonly roundTripMs: Millis }
  | Extract<Upcall<unknown>, { readonly type: 'deliver' | 'forward' | 'leafSetChanged' | 'readyChanged' | 'peerDead' }>
  | { readonly type: 'peerFault'; readonly peer: NodeHandle; readonly fault: string }
  | { readonly type: 'drop'; readonly reason: string; readonly count: number }
  /** Something worth counting or logging that is not a message: `join_started`, `joined`, `leaf_set_repaired`, … */
  | { readonly type: 'note'; readonly note: string; readonly peer?: NodeHandle; readonly count: number };

/** What the shell needs to make a span of one attempt at one hop. */
export interface HopAttempt extends HopRecord {
  readonly hopId: HopId;
  readonly key: Id;
  readonly app: string;
  /** 1 for the first hop of the route. */
  readonly index: number;
  /** 1 for the first attempt at this hop; a reroute is the next attempt. */
  readonly attempt: number;
  /** As in `Hop`: its acknowledgement means that the message was delivered. */
  readonly last?: true;
  readonly trace?: string;
}

/** A routing machine: any geometry, joined, repaired and delivered by the same rules. */
export interface Routing<Message = unknown> extends Machine<RoutingInput<Message>, RoutingEffect<Message>> {
  readonly view: RoutingView;
}
