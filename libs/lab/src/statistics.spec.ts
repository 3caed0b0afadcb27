import { expect, it } from 'vitest';
import { histogram, mean, percentile, summarize } from './statistics.ts';

it('summarizes by nearest rank', () => {
  const samples = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(summarize(samples)).toEqual({ mean: 50.5, p50: 50, p90: 90, p99: 99, max: 100 });
  expect(summarize([7])).toEqual({ mean: 7, p50: 7, p90: 7, p99: 7, max: 7 });
  expect(summarize([])).toEqual({ mean: 0, p50: 0, p90: 0, p99: 0, max: 0 });
});

it('gives the extremes at the ends', () => {
  expect([percentile([1, 2, 3], 0), percentile([1, 2, 3], 1)]).toEqual([1, 3]);
});

it('counts whole numbers from 0', () => {
  expect(histogram([1, 3, 3])).toEqual([0, 1, 0, 2]);
  expect(histogram([])).toEqual([]);
});

it('has no mean of nothing but 0', () => {
  expect(mean([])).toBe(0);
});
