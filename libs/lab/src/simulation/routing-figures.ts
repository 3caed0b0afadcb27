import type { Host } from '@banyan/simulator';
import { LogHistogram } from '../log-histogram.ts';
import { rounded } from '../statistics.ts';
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

/** Time from the sender to the root, ms; percentiles within 0.1 %. */
export type DelayFigures = {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** Pairs of a delay and the share of lookups that arrived within it. */
  readonly distribution: readonly (readonly [number, number])[];
};

const POINTS_MAX = 200;

/** Figures of any number of lookups in bounded memory: arrivals are added and forgotten. Percentiles of RDP are within 0.1 %. */
export class RouteFigures {
  readonly #latencyMs: (from: Host, to: Host) => number;
  readonly #hopCounts: number[] = [];
  readonly #delays = new LogHistogram();
  readonly #ratios = new LogHistogram();
  #directMs = 0;
  #awayMs = 0;

  constructor(latencyMs: (from: Host, to: Host) => number) {
    this.#latencyMs = latencyMs;
  }

  add({ from, at, hops, delayMs }: Arrival): void {
    while (this.#hopCounts.length <= hops) this.#hopCounts.push(0);
    this.#hopCounts[hops] = (this.#hopCounts[hops] ?? 0) + 1;
    this.#delays.add(delayMs);
    // A sender that is the root itself took no way and has no penalty.
    if (from === at) return;
    const directMs = this.#latencyMs(from, at);
    this.#ratios.add(delayMs / directMs);
    this.#directMs += directMs;
    this.#awayMs += delayMs;
  }

  hops(): HopFigures {
    const total = this.#delays.count;
    const mean = total === 0 ? 0 : this.#hopCounts.reduce((sum, count, hops) => sum + hops * count, 0) / total;
    return { mean: rounded(mean), p50: this.#hopsOf(0.5), p99: this.#hopsOf(0.99), max: Math.max(0, this.#hopCounts.length - 1), histogram: [...this.#hopCounts] };
  }

  rdp(): RdpFigures {
    return {
      mean: rounded(this.#ratios.mean),
      median: rounded(this.#ratios.percentile(0.5)),
      p90: rounded(this.#ratios.percentile(0.9)),
      ratioOfSums: this.#directMs === 0 ? 0 : rounded(this.#awayMs / this.#directMs),
    };
  }

  delayMs(): DelayFigures {
    const at = (share: number): number => rounded(this.#delays.percentile(share), 1);
    const distribution = this.#delays.distribution(POINTS_MAX).map(([delay, share]) => [rounded(delay, 1), rounded(share, 6)] as const);
    return { mean: rounded(this.#delays.mean, 1), p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: rounded(this.#delays.max, 1), distribution };
  }

  #hopsOf(share: number): number {
    let seen = 0;
    return Math.max(0, this.#hopCounts.findIndex((count) => (seen += count) >= Math.max(1, share * this.#delays.count)));
  }
}

/** Hops of lookups that are kept. */
export function hopFigures(arrivals: readonly Arrival[]): HopFigures {
  return figuresOf(arrivals, () => 1).hops();
}

/** Delay penalty of lookups that are kept. */
export function rdpFigures(arrivals: readonly Arrival[], latencyMs: (from: Host, to: Host) => number): RdpFigures {
  return figuresOf(arrivals, latencyMs).rdp();
}

function figuresOf(arrivals: readonly Arrival[], latencyMs: (from: Host, to: Host) => number): RouteFigures {
  const figures = new RouteFigures(latencyMs);
  for (const arrival of arrivals) figures.add(arrival);
  return figures;
}
