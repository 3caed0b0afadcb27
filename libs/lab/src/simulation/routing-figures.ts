import type { Host } from '@banyan/simulator';
import { histogram, mean, percentile, rounded, sum } from '../statistics.ts';
import type { Arrival } from './lookup-oracle.ts';

export type HopFigures = {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** How many lookups took 0, 1, 2, … hops. */
  readonly histogram: readonly number[];
};

/** Relative delay penalty: delay over the overlay by the direct delay. `ratioOfSums` weighs far pairs as they are. */
export type RdpFigures = {
  readonly mean: number;
  readonly median: number;
  readonly p90: number;
  readonly ratioOfSums: number;
};

export function hopFigures(arrivals: readonly Arrival[]): HopFigures {
  const hops = arrivals.map((arrival) => arrival.hops);
  const sorted = Float64Array.from(hops).sort();
  return { mean: rounded(mean(hops)), p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), max: sorted.at(-1) ?? 0, histogram: histogram(hops) };
}

/** Lookups whose sender is their root took no way and have no penalty; they are left out. */
export function rdpFigures(arrivals: readonly Arrival[], latencyMs: (from: Host, to: Host) => number): RdpFigures {
  const away = arrivals.filter(({ from, at }) => from !== at);
  const direct = away.map(({ from, at }) => latencyMs(from, at));
  const ratios = away.map(({ delayMs }, i) => delayMs / (direct[i] ?? 1));
  const sorted = Float64Array.from(ratios).sort();
  const directSum = sum(direct);
  return {
    mean: rounded(mean(ratios)),
    median: rounded(percentile(sorted, 0.5)),
    p90: rounded(percentile(sorted, 0.9)),
    ratioOfSums: directSum === 0 ? 0 : rounded(sum(away.map(({ delayMs }) => delayMs)) / directSum),
  };
}
