import { plane } from '@banyan/simulator';
import { describe, expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { measureMassacre } from './measure-massacre.ts';

describe('a massacre', () => {
  // Zhao et al. 2004: 100 % again in less than a minute.
  it('is over within a minute, and so is the rush of those who join after it', () => {
    const results = measureMassacre({ topology: plane({ hosts: 120, seed: 2 }), nodes: 80, fail: 0.2, lookups: 40, seed: 2, leafSet: 16, digitBits: 4 }, SILENT);
    expect(results).toMatchObject({ joined: 80, killed: 16, joinedLater: 40, keysWithoutOwner: 0, keysAudited: 480, incorrect: 0, lost: 0 });
    expect(results.successAfterKill[0]).toBeLessThan(1);
    expect(results.secondsToFullSuccessAfterKill).toBeLessThanOrEqual(60);
    expect(results.secondsToFullSuccessAfterJoin).toBeLessThanOrEqual(60);
    expect(results.secondsToAllReady).not.toBeNull();
  });
});
