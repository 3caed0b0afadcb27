import { expect, it } from 'vitest';
import { ReachWatch } from './reach-watch.ts';

it('knows from when on every message reaches all readers in time, and who never got one', () => {
  const watch = new ReachWatch();
  const numbers = [0, 1_000, 2_000, 3_000].map((at) => watch.published(at));
  watch.told(10, 7, numbers[0] ?? 0);
  watch.told(10, 8, numbers[0] ?? 0);
  watch.told(5_500, 7, numbers[1] ?? 0);
  watch.told(5_500, 7, numbers[1] ?? 0);
  for (const number of numbers.slice(2)) for (const host of [7, 8]) watch.told(4_000, host, number);
  expect(watch.reachesAllFrom(2, 10_000)).toBe(2_000);
  expect(watch.reachesAllFrom(3, 10_000)).toBeUndefined();
  expect(watch.missing(2, 10_000)).toBe(1);
  expect(watch.duplicates).toBe(1);
  expect(watch.lastFirstAt(2)).toBe(10);
  expect(watch.shares(2).map(({ share }) => share)).toEqual([1, 0, 1, 1]);
});
