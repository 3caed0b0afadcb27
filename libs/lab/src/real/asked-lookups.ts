import { randomId, type Id } from '@banyan/ids';
import { seededRng } from '@banyan/sansio';
import { mean, percentile, rounded, sum } from '../statistics.ts';

/** One lookup that both rings are asked: the asking node by its place in the list of ids, and the key. */
export interface LookupOrder {
  readonly from: number;
  readonly key: Id;
}

/** What a ring answered: hops to the root, and the time from asking a node to its answer. */
export interface LookupAnswered {
  readonly hops: number;
  readonly elapsedMs: number;
}

export type LookupFigures = {
  readonly lookups: number;
  readonly unanswered: number;
  readonly hops: { readonly mean: number; readonly histogram: readonly number[] };
  /** Of lookups that left their node. */
  readonly latencyMs: { readonly mean: number; readonly median: number; readonly p90: number };
};

export type Agreement = {
  /** Real by simulated. */
  readonly hopsMean: number;
  readonly medianLatency: number;
  readonly p90Latency: number;
  /** Share of lookups that would have to take another number of hops for the two distributions to be one. */
  readonly hopsMoved: number;
};

/** Random keys asked by random nodes; the same seed asks the same. */
export function drawLookups(count: number, nodes: number, seed: number): readonly LookupOrder[] {
  const rng = seededRng(seed);
  return Array.from({ length: count }, () => ({ from: rng.below(nodes), key: randomId(rng) }));
}

export function lookupFigures(answers: readonly (LookupAnswered | undefined)[]): LookupFigures {
  const answered = answers.filter((answer) => answer !== undefined);
  const hops = answered.map((answer) => answer.hops);
  const away = answered.filter((answer) => answer.hops > 0).map(({ elapsedMs }) => elapsedMs);
  const sorted = Float64Array.from(away).sort();
  return {
    lookups: answers.length,
    unanswered: answers.length - answered.length,
    hops: { mean: rounded(mean(hops)), histogram: countsOf(hops) },
    latencyMs: { mean: rounded(mean(away), 2), median: rounded(percentile(sorted, 0.5), 2), p90: rounded(percentile(sorted, 0.9), 2) },
  };
}

/** The share of lookups that took 0, 1, 2, … hops. */
export function hopShares({ hops: { histogram } }: LookupFigures): readonly number[] {
  const all = sum(histogram);
  return histogram.map((count) => count / all);
}

export function agreement(real: LookupFigures, simulated: LookupFigures): Agreement {
  const ratio = (a: number, b: number): number => rounded(b === 0 ? (a === 0 ? 1 : Infinity) : a / b);
  const others = hopShares(simulated);
  const moved = sum(hopShares(real).map((share, hops) => Math.max(0, share - (others[hops] ?? 0))));
  return {
    hopsMean: ratio(real.hops.mean, simulated.hops.mean),
    medianLatency: ratio(real.latencyMs.median, simulated.latencyMs.median),
    p90Latency: ratio(real.latencyMs.p90, simulated.latencyMs.p90),
    hopsMoved: rounded(moved),
  };
}

function countsOf(hops: readonly number[]): readonly number[] {
  const counts: number[] = Array.from({ length: Math.max(0, ...hops) + 1 }, () => 0);
  for (const each of hops) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
}
