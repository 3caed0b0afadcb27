import type { Id } from '@banyan/ids';
import type { Json } from '@banyan/sansio';

/**
 * How one ring member is known to another: its place, its life, and where to reach it.
 * A node that starts again has the same id and a higher incarnation.
 */
export interface NodeHandle {
  readonly id: Id;
  /** Which life of the node: max(stored + 1, wall milliseconds) at its start; higher wins. */
  readonly incarnation: number;
  /** `host:port` of the peer control listener. */
  readonly controlAddress: string;
  /** `host:port` of the peer data listener. */
  readonly dataAddress: string;
  /** Operator's label of the region, may be empty. */
  readonly region: string;
  /** Operator's label of the failure zone, may be empty. */
  readonly zone: string;
  /** Children the node carries at once, at least 1. */
  readonly capacity: number;
}

/** True when both handles mean the same life of the same node. */
export function sameIncarnation(a: NodeHandle, b: NodeHandle): boolean {
  return a.id === b.id && a.incarnation === b.incarnation;
}

/** A handle as explanation: id and incarnation only. */
export function handleState(handle: NodeHandle): Json {
  return `${handle.id}@${handle.incarnation}`;
}
