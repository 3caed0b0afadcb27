import type { RingNode } from './ring-node.ts';

/** Who took what was offered to one member of a group. */
export interface AnycastAnswer {
  /** The node whose subscriber took it. */
  readonly node: RingNode;
  /** What that subscriber says. */
  readonly reply: Uint8Array;
  /** Nodes that were visited, that one included. */
  readonly visits: number;
}

/** How long an answer may take, ms: as long as the node goes on searching. */
export const ANYCAST_DEADLINE_MS = 35_000;
