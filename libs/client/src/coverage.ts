import { idFromBytes, type Id } from '@banyan/ids';
import type { multicast } from '@banyan/proto';

/** Who of a named roster has what of a group. */
export interface Coverage {
  /** Names the roster: the root's epoch and a count of the changes in it. */
  readonly epoch: bigint;
  readonly rosterVersion: bigint;
  /** Nodes with subscriptions, the missing ones among them. */
  readonly members: bigint;
  /** Last sequence committed; 0 for none. */
  readonly committed: bigint;
  /** So many members have everything up to sequence `reached`. */
  readonly covered: bigint;
  readonly reached: bigint;
  /** Members in the tree that have less, the farthest behind first, and the last sequence each has; at most 8. */
  readonly behind: readonly { readonly member: Id; readonly reached: bigint }[];
  /** Members that were in the tree within the last minute and are not now; at most 64 are named. */
  readonly missing: readonly Id[];
}

/** A coverage of the API, with ids as text. */
export function coverageOf({ epoch, rosterVersion, members, committed, covered, reached, behind, missing }: multicast.Coverage): Coverage {
  return {
    ...{ epoch, rosterVersion, members, committed, covered, reached },
    behind: behind.map((lag) => ({ member: idFromBytes(lag.member), reached: lag.reached })),
    missing: missing.map(idFromBytes),
  };
}
