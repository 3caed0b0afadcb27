import { digitAt, digitCount, type DigitBits } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Millis, Rng } from '@banyan/sansio';
import { BACKUPS_MAX } from './backups.ts';
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
  readonly backups: readonly Placed[];
  readonly neighborhood: readonly Placed[];
}

/** A whole ring: every node at its place in the order of ids. */
export interface StandingRing {
  readonly size: number;
  handleAt(place: number): NodeHandle;
  /** One digit of the id at a place, most significant first; with the b of the tables. */
  digitAt(place: number, position: number): number;
}

export interface FillQuery {
  readonly ring: StandingRing;
  /** Whose tables: its place. */
  readonly index: number;
  /** How far it is from there to the node at another place. */
  readonly proximityMs: (place: number) => Millis;
  readonly config: PastryConfig;
  /** Candidates looked at per slot, drawn at random from all that fit; Infinity looks at every one: perfect tables. */
  readonly candidatesMax: number;
  readonly rng: Rng;
}

/**
 * The tables of one node of a known ring: the true leaf set, and for every slot the nearest of at most `candidatesMax` nodes
 * that fit it, the next ones as its backups. For rings too large to be joined node by node, and for measuring against perfect tables.
 * O(|L| + rows · 2^b · (log N + candidatesMax)). Source: Gummadi et al. 2003 (sampling 16 candidates is near to the best).
 */
export function fillTables(query: FillQuery): FilledTables {
  const { config, index, ring } = query;
  const entries: Placed[] = [];
  const backups: Placed[] = [];
  let [low, high] = [0, ring.size];
  for (let row = 0; row < digitCount(config.digitBits) && high - low > 1; row++) {
    const own = ring.digitAt(index, row);
    let [ownLow, ownHigh] = [low, high];
    // All of these share `row` digits; the ring is sorted, so those with the same next digit follow each other.
    for (let first = low; first < high; ) {
      const column = ring.digitAt(first, row);
      const after = firstAbove(ring, { column, row, low: first + 1, high });
      if (column === own) [ownLow, ownHigh] = [first, after];
      else {
        const [entry, ...others] = nearest(query, first, after);
        if (entry !== undefined) entries.push(entry);
        backups.push(...others);
      }
      first = after;
    }
    [low, high] = [ownLow, ownHigh];
  }
  // No node fits two slots, so the entries are all different.
  const neighborhood = [...entries].sort((a, b) => a.proximityMs - b.proximityMs).slice(0, config.neighborhoodSize);
  return { leaves: trueLeaves(query), entries, backups, neighborhood };
}

/** A ring of which the nodes are given, sorted by id. */
export function standingRing(nodes: readonly NodeHandle[], b: DigitBits): StandingRing {
  const handleAt = (place: number): NodeHandle => nodes[place] as NodeHandle;
  return { size: nodes.length, handleAt, digitAt: (place, position) => digitAt(handleAt(place).id, position, b) };
}

function firstAbove(ring: StandingRing, { column, row, low, high }: { readonly column: number; readonly row: number; readonly low: number; readonly high: number }): number {
  let after = low;
  let end = high;
  while (after < end) {
    const middle = (after + end) >> 1;
    if (ring.digitAt(middle, row) > column) end = middle;
    else after = middle + 1;
  }
  return after;
}

// The nearest of the candidates drawn, the very nearest first.
function nearest({ candidatesMax, proximityMs, ring, rng }: FillQuery, low: number, high: number): readonly Placed[] {
  const all = high - low;
  const kept: { readonly place: number; readonly ms: Millis }[] = [];
  for (let i = 0; i < Math.min(all, candidatesMax); i++) {
    const place = all <= candidatesMax ? low + i : low + rng.below(all);
    const ms = proximityMs(place);
    const last = kept[BACKUPS_MAX];
    if ((last !== undefined && ms >= last.ms) || kept.some((other) => other.place === place)) continue;
    kept.push({ place, ms });
    kept.sort((a, b) => a.ms - b.ms);
    kept.length = Math.min(kept.length, 1 + BACKUPS_MAX);
  }
  return kept.map(({ place, ms }) => ({ handle: ring.handleAt(place), proximityMs: ms }));
}

function trueLeaves({ ring, index, config }: FillQuery): readonly NodeHandle[] {
  const others = ring.size - 1;
  const count = Math.min(config.leafSetSize, others);
  const above = Math.min(config.leafSetSize / 2, count);
  const leaves: NodeHandle[] = [];
  for (let step = 1; step <= above; step++) leaves.push(ring.handleAt((index + step) % ring.size));
  for (let step = count - above; step >= 1; step--) leaves.push(ring.handleAt((index - step + ring.size) % ring.size));
  return leaves;
}
