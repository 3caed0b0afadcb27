import { plane } from '@banyan/simulator';
import { expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { measureTreeHeal } from './measure-tree-heal.ts';

it('reaches every survivor again when 70 % of an ordered group fall silent at once', () => {
  const results = measureTreeHeal({ topology: plane({ hosts: 100, seed: 1 }), fail: 0.7, seed: 1, leafSet: 16, digitBits: 4, fanOutMax: 8, direct: true }, SILENT);
  expect(results).toMatchObject({ joined: 100, survivors: 30, duplicates: 0 });
  expect(results.secondsToAllReached).not.toBeNull();
  expect(results.secondsToAllReached ?? Infinity).toBeLessThan(60);
  expect(results.reached.at(-10)?.[1]).toBe(1);
});
