import { digitAt, digitCount, type DigitBits, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Millis, Rng } from '@banyan/sansio';
import type { PastryConfig } from './config.ts';

/** A node and how far away it is. */
export interface Placed {
  readonly handle: NodeHandle;
  readonly proximityMs: Millis;
}

/** Tables as a node would have them after a long quiet time. */
export interface FilledTables {
  readonly leaves: readonly NodeHandle[];
  readonly entries: readonly Placed[];
  readonly neighborhood: readonly Placed[];
}

export interface FillQuery {
  readonly self: NodeHandle;
  /** Every node of the ring, sorted by id, self among them. */
  readonly ring: readonly NodeHandle[];
  /** Where self stands in `ring`. */
  readonly index: number;
  readonly proximityMs: (a: NodeHandle, b: NodeHandle) => Millis;
  readonly config: PastryConfig;
  /** Candidates looked at per slot, drawn at random from all that fit; Infinity looks at every one: perfect tables. */
  readonly candidatesMax: number;
  readonly rng: Rng;
}

/**
 * The tables of one node of a known ring: the true leaf set, and for every slot the nearest of at most `candidatesMax` nodes
 * that fit it. For rings too large to be joined node by node, and for measuring against perfect tables.
 * O(|L| + rows · 2^b · (log N + candidatesMax)). Source: Gummadi et al. 2003 (sampling 16 candidates is near to the best).
 */
export function fillTables(query: FillQuery): FilledTables {
  const entries: Placed[] = [];
  const near = new Map<Id, Placed>();
  const { digitBits } = query.config;
  let range: Range = { low: 0, high: query.ring.length };
  for (let row = 0; row < digitCount(digitBits) && range.high - range.low > 1; row++) {
    const own = digitAt(query.self.id, row, digitBits);
    let ownRange = range;
    for (const { digit, slot } of columns(query.ring, range, row, digitBits)) {
      if (digit === own) ownRange = slot;
      else entries.push(nearest(query, slot, near));
    }
    range = ownRange;
  }
  return { leaves: trueLeaves(query), entries, neighborhood: closestNeighbors(near, query.config.neighborhoodSize) };
}

interface Range {
  readonly low: number;
  readonly high: number;
}

// Within a range of ids that share `row` digits, the runs with the same next digit; the ring is sorted, so they follow each other.
function* columns(ring: readonly NodeHandle[], range: Range, row: number, b: DigitBits): Generator<{ readonly digit: number; readonly slot: Range }> {
  let low = range.low;
  while (low < range.high) {
    const digit = digitAt(idAt(ring, low), row, b);
    let after = low + 1;
    let end = range.high;
    while (after < end) {
      const middle = (after + end) >> 1;
      if (digitAt(idAt(ring, middle), row, b) > digit) end = middle;
      else after = middle + 1;
    }
    yield { digit, slot: { low, high: after } };
    low = after;
  }
}

function nearest(query: FillQuery, slot: Range, near: Map<Id, Placed>): Placed {
  const all = slot.high - slot.low;
  let best: Placed | undefined;
  for (let i = 0; i < Math.min(all, query.candidatesMax); i++) {
    const at = all <= query.candidatesMax ? slot.low + i : slot.low + query.rng.below(all);
    const handle = query.ring[at] as NodeHandle;
    const proximityMs = query.proximityMs(query.self, handle);
    if (best === undefined || proximityMs < best.proximityMs) best = { handle, proximityMs };
  }
  const chosen = best as Placed;
  near.set(chosen.handle.id, chosen);
  return chosen;
}

function trueLeaves({ ring, index, config }: FillQuery): readonly NodeHandle[] {
  const others = ring.length - 1;
  const count = Math.min(config.leafSetSize, others);
  const above = Math.min(config.leafSetSize / 2, count);
  const leaves: NodeHandle[] = [];
  for (let step = 1; step <= above; step++) leaves.push(ring[(index + step) % ring.length] as NodeHandle);
  for (let step = count - above; step >= 1; step--) leaves.push(ring[(index - step + ring.length) % ring.length] as NodeHandle);
  return leaves;
}

function closestNeighbors(near: Map<Id, Placed>, max: number): FilledTables['neighborhood'] {
  return [...near.values()].sort((a, b) => a.proximityMs - b.proximityMs).slice(0, max);
}

function idAt(ring: readonly NodeHandle[], index: number): Id {
  return (ring[index] as NodeHandle).id;
}
