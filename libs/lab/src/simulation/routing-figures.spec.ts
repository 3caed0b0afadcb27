import { describe, expect, it } from 'vitest';
import type { Arrival } from './lookup-oracle.ts';
import { RouteFigures } from './routing-figures.ts';

/** Host n stands at n * 10 ms. */
const latencyMs = (from: number, to: number): number => 10 * Math.abs(from - to);

function figuresOf(...arrivals: readonly Arrival[]): RouteFigures {
  const figures = new RouteFigures(latencyMs);
  for (const arrival of arrivals) figures.add(arrival);
  return figures;
}

describe('figures of routes', () => {
  it('count hops exactly, those of senders that are the root too', () => {
    const figures = figuresOf({ from: 1, at: 1, hops: 0, delayMs: 0 }, { from: 0, at: 1, hops: 1, delayMs: 10 }, { from: 0, at: 4, hops: 3, delayMs: 80 });
    expect(figures.hops()).toEqual({ mean: 1.3333, p50: 1, p99: 3, max: 3, histogram: [1, 1, 0, 1] });
  });

  it('leave the penalty of senders that are the root out, and weigh far pairs as they are in the ratio of sums', () => {
    const { mean, median, ratioOfSums } = figuresOf({ from: 1, at: 1, hops: 0, delayMs: 0 }, { from: 0, at: 1, hops: 1, delayMs: 30 }, { from: 0, at: 4, hops: 3, delayMs: 40 }).rdp();
    expect(mean).toBe(2);
    expect(median).toBeCloseTo(1, 2);
    expect(ratioOfSums).toBe(1.4);
  });

  it('are zero of nothing', () => {
    const figures = figuresOf();
    expect(figures.hops()).toEqual({ mean: 0, p50: 0, p99: 0, max: 0, histogram: [] });
    expect(figures.rdp()).toEqual({ mean: 0, median: 0, p90: 0, ratioOfSums: 0 });
    expect(figures.delayMs()).toEqual({ mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, distribution: [] });
  });
});
