import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { LogHistogram } from './log-histogram.ts';
import { percentile } from './statistics.ts';

describe('a histogram of growing buckets', () => {
  it('gives percentiles within 0.1 % of the true ones, and the exact mean and largest', () => {
    const rng = seededRng(1);
    const samples = Array.from({ length: 20_000 }, () => Math.exp(12 * rng.next() - 3));
    const histogram = new LogHistogram();
    for (const sample of samples) histogram.add(sample);
    const sorted = Float64Array.from(samples).sort();
    for (const share of [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1]) {
      const truth = percentile(sorted, share);
      expect(Math.abs(histogram.percentile(share) / truth - 1)).toBeLessThan(0.0011);
    }
    expect(histogram.max).toBe(sorted.at(-1));
    expect(histogram.mean).toBeCloseTo(samples.reduce((a, b) => a + b, 0) / samples.length, 6);
  });

  it('draws its distribution with as many points as asked for, the last of them all samples', () => {
    const histogram = new LogHistogram();
    for (let value = 1; value <= 1_000; value++) histogram.add(value);
    const points = histogram.distribution(20);
    expect(points.length).toBeLessThanOrEqual(22);
    expect(points.at(-1)?.[1]).toBe(1);
    for (const [value, share] of points) expect(Math.abs(value / 1_000 - share)).toBeLessThan(0.01);
  });

  it('is all zero without samples, and clamps what is too small or too large for it', () => {
    const histogram = new LogHistogram();
    expect([histogram.mean, histogram.max, histogram.percentile(0.5)]).toEqual([0, 0, 0]);
    histogram.add(0);
    histogram.add(1e12);
    expect(histogram.percentile(0.1)).toBeCloseTo(0.001);
    expect(histogram.max).toBe(1e12);
  });
});
