import { id, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { DEFAULT_PASTRY_CONFIG, PastryNode, type PastryConfig } from '@banyan/pastry';
import type { Rng } from '@banyan/sansio';

/** Keys of the ring: every id of one digit. */
export const KEYS: readonly Id[] = Array.from({ length: 16 }, (_, digit) => padded(digit));

/** A generator without chance: every draw is the middle. So runs differ by the order of events alone. */
export const STEADY: Rng = {
  next: () => 0.5,
  below: (bound) => bound >> 1,
  pick: (items) => items[items.length >> 1],
  shuffle: (items) => [...items],
  fork: () => STEADY,
  state: () => [],
};

/**
 * A ring of 16 ids and nodes that do no more than they must: one seed, one probe at a time to mere candidates, tables as
 * small as they get. The rules are the shipped ones.
 */
export const SMALL_CONFIG: PastryConfig = {
  ...DEFAULT_PASTRY_CONFIG,
  digitBits: 4,
  leafSetSize: 4,
  neighborhoodSize: 1,
  seedsPinged: 1,
  searchLeavesMax: 0,
  gossipProbesMax: 0,
  peers: { ...DEFAULT_PASTRY_CONFIG.peers, measuresMax: 1 },
};

/** The handle of the node at an id of one digit. */
export function handleAt(digit: number): NodeHandle {
  return { id: padded(digit), incarnation: 1, controlAddress: `node-${digit.toString(16)}:1`, dataAddress: `node-${digit.toString(16)}:2`, region: '', zone: '', capacity: 1 };
}

export function makeNode(self: NodeHandle): PastryNode {
  return new PastryNode({ self, rng: STEADY, config: SMALL_CONFIG });
}

function padded(digit: number): Id {
  return id(digit.toString(16).padEnd(32, '0'));
}
