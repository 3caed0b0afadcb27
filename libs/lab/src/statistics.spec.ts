import { expect, it } from 'vitest';
import { mean, percentile } from './statistics.ts';

it('takes percentiles by nearest rank', () => {
  const sorted = Array.from({ length: 100 }, (_, i) => i + 1);
  expect([0.5, 0.9, 0.99].map((share) => percentile(sorted, share))).toEqual([50, 90, 99]);
  expect(percentile([], 0.5)).toBe(0);
});

it('gives the extremes at the ends', () => {
  expect([percentile([1, 2, 3], 0), percentile([1, 2, 3], 1)]).toEqual([1, 3]);
});

it('has no mean of nothing but 0', () => {
  expect(mean([])).toBe(0);
});
