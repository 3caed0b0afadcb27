import { CALM, plane } from '@banyan/simulator';
import { describe, expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { measurePartition } from './measure-partition.ts';

describe('a ring that was split', () => {
  it.each([
    { name: 'into halves', nodes: 60, sides: 2, share: 0.5, repeats: 1, lossRate: 0, groups: 3 },
    { name: 'into a fifth and the rest, twice', nodes: 60, sides: 2, share: 0.2, repeats: 2, lossRate: 0, groups: 1 },
    { name: 'into three, under loss', nodes: 45, sides: 3, share: 1 / 3, repeats: 1, lossRate: 0.03, groups: 1 },
  ])('$name, is one ring again within two minutes', ({ nodes, sides, share, repeats, lossRate, groups }) => {
    const topology = plane({ hosts: nodes, seed: 3 });
    const results = measurePartition({ topology, weather: { ...CALM, lossRate }, splitMs: 240_000, sides, share, repeats, lookups: 5, groups, seed: 3, leafSet: 16, digitBits: 4 }, SILENT);
    expect(results).toMatchObject({ joined: nodes, sidesStood: true, keysWithTwoOwners: 0, keysWithoutOwner: 0, lost: 0, incorrect: 0, duplicate: 0, groups: { complaints: [] } });
    expect(results.mergeSeconds).toBeLessThanOrEqual(120);
  });
});
