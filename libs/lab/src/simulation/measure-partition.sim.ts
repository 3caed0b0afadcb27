import { CALM, plane } from '@banyan/simulator';
import { describe, expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { measurePartition } from './measure-partition.ts';

describe('a ring that was split', () => {
  it.each([
    { name: 'into halves', nodes: 60, sides: 2, share: 0.5, repeats: 1, lossRate: 0 },
    { name: 'into a fifth and the rest, twice', nodes: 60, sides: 2, share: 0.2, repeats: 2, lossRate: 0 },
    { name: 'into three, under loss', nodes: 45, sides: 3, share: 1 / 3, repeats: 1, lossRate: 0.03 },
  ])('$name, is one ring again within two minutes', ({ nodes, sides, share, repeats, lossRate }) => {
    const topology = plane({ hosts: nodes, seed: 3 });
    const results = measurePartition({ topology, weather: { ...CALM, lossRate }, splitMs: 240_000, sides, share, repeats, lookups: 5, seed: 3, leafSet: 16, digitBits: 4 }, SILENT);
    expect(results).toMatchObject({ joined: nodes, sidesStood: true, keysWithTwoOwners: 0, keysWithoutOwner: 0, lost: 0, incorrect: 0, duplicate: 0 });
    expect(results.mergeSeconds).toBeLessThanOrEqual(120);
  });
});
