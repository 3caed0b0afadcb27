import { plane } from '@banyan/simulator';
import { describe, expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { measureFailures, type FailuresSetup } from './measure-failures.ts';

const SETUP: FailuresSetup = { topology: plane({ hosts: 150, seed: 2 }), fail: 0.1, lookups: 1_000, seed: 2, leafSet: 16, digitBits: 4, direct: false };

describe('failures', () => {
  // Rowstron & Druschel 2001, Fig. 10: 2.73 hops before, 2.74 once repaired.
  it('lose no lookup, and routes are as short as before once repaired', () => {
    const results = measureFailures(SETUP, SILENT);
    expect(results).toMatchObject({ joined: 150, failed: 15, lost: 0, incorrect: 0, duplicate: 0, complaints: [] });
    expect(results.hopsRepaired).toBeLessThan(results.hopsBefore * 1.02);
    expect(results.repairMessagesPerFailedNode).toBeGreaterThan(0);
  });

  it('cost nothing when nobody fails: both rings live the same life', () => {
    const results = measureFailures({ ...SETUP, topology: plane({ hosts: 60, seed: 3 }), fail: 0, lookups: 200, direct: true }, SILENT);
    expect(results).toMatchObject({ failed: 0, repairMessagesPerFailedNode: 0, late: 0 });
    expect(results.hopsRepaired).toBe(results.hopsUndisturbed);
    expect(new Set(Object.values(results.repairMessagesByType))).toEqual(new Set([0]));
  });
});
