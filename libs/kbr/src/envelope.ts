import type { Id } from '@banyan/ids';
import type { Coordinate } from './coordinate.ts';
import type { NodeHandle } from './handle.ts';

/** Which rule of the geometry chose a hop. `self`: no hop, the node is the root. */
export type HopRule = 'leaf-set' | 'routing-table' | 'rare-case' | 'application' | 'self';

/** One hop as an explained route tells it. */
export interface HopRecord {
  /** The node that chose. */
  readonly at: Id;
  /** The node it chose. */
  readonly to: Id;
  readonly rule: HopRule;
  /** Row and column of the routing-table entry, when the rule is `routing-table`. */
  readonly row?: number;
  readonly column?: number;
  /** Smoothed round-trip time to the next hop when it was chosen, ms; absent before the first measurement. */
  readonly roundTripMs?: number;
  /** How long the message waited at `at` for acknowledgements of earlier attempts, ms. */
  readonly waitMs: number;
}

/** Asks that a message come by one of the replicas of its key, the one nearest to its sender if it can be told. */
export interface Seek {
  /** k: how many nodes closest to the key hold a replica. */
  readonly replicas: number;
  /** Where the sender lies. */
  readonly from: Coordinate;
}

/**
 * A routed message. `(origin.id, origin.incarnation, counter)` names it on the whole ring: a root delivers a name once
 * per incarnation. `body` belongs to the application `app` and is opaque to routing.
 */
export interface Envelope<Body = unknown> {
  readonly app: string;
  readonly key: Id;
  readonly body: Body;
  readonly origin: NodeHandle;
  readonly counter: number;
  /** Hops taken so far. */
  readonly hops: number;
  /** Present when the route is to be explained: the hops so far, at most `HOPS_MAX`. */
  readonly record?: readonly HopRecord[];
  /** Present when any replica of the key will do: applications there may answer when the message is forwarded to them. */
  readonly seek?: Seek;
  /** W3C traceparent, carried and never read by the core. */
  readonly trace?: string;
}

/** The name of a routed message as one string. */
export function envelopeName(envelope: Envelope): string {
  return `${envelope.origin.id}:${envelope.origin.incarnation}:${envelope.counter}`;
}
