import { transitStub } from '@banyan/simulator';
import { expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { measureFlashCrowd } from './measure-flash-crowd.ts';
import { measureSplitstream } from './measure-splitstream.ts';

const RING = { topology: transitStub({ hosts: 24, seed: 1 }), stripes: 4, seed: 1, leafSet: 16, digitBits: 4, direct: true } as const;

it('brings every stripe to every survivor again when a quarter of the nodes fall silent at once', () => {
  const results = measureSplitstream({ ...RING, fail: 0.25, fanOutMax: 8 }, SILENT);
  expect(results).toMatchObject({ joined: 24, survivors: 18, missingBefore: 0, duplicates: 0 });
  expect(results.secondsToAllStripes).not.toBeNull();
  expect(results.secondsToAllStripes ?? Infinity).toBeLessThan(30);
  expect(results.children.max).toBeLessThanOrEqual(8 + 2 + 4);
});

it('brings an object to all who want it, each chunk once, and the origin sends it far fewer times than there are receivers', () => {
  const results = measureFlashCrowd({ ...RING, chunks: 40, bytesPerMs: 31_250, fanOutMax: 4 }, SILENT);
  expect(results).toMatchObject({ receivers: 23, incomplete: 0, duplicates: 0, gaps: 0 });
  expect(results.originBytesRatio).toBeLessThan(3);
  expect(results.ratioToMinimum?.max).toBeGreaterThanOrEqual(1);
});
