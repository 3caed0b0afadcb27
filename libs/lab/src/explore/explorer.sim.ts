import { describe, expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { Explorer } from './explorer.ts';

describe('every interleaving of joins', () => {
  it('of one joiner, without alarms: one owner of every key at most, and one at rest', () => {
    const found = new Explorer({ digits: [0, 8], alarmsMax: 0, statesMax: 10_000, walks: 0, seed: 1 }).run(SILENT);
    expect(found).toMatchObject({ exhaustive: true, violations: 0, counterexample: [], flaws: [] });
    expect(found.atRestAllActive).toBe(found.atRest);
  });

  it('of one joiner, an alarm each at any point, as far as 30,000 states go', () => {
    const found = new Explorer({ digits: [0, 8], alarmsMax: 1, statesMax: 30_000, walks: 300, seed: 1 }).run(SILENT);
    expect(found).toMatchObject({ violations: 0, counterexample: [], flaws: [] });
    // What follows from the last state looked at is counted too.
    expect(found.states).toBeGreaterThanOrEqual(30_000);
    expect(found.atRestAllActive).toBeGreaterThan(250);
  });

  it('of two joiners, two alarms each, on random ways to the end', () => {
    const found = new Explorer({ digits: [0, 8, 12], alarmsMax: 2, statesMax: 1, walks: 600, seed: 2 }).run(SILENT);
    expect(found).toMatchObject({ exhaustive: false, violations: 0, counterexample: [], flaws: [], walks: 600 });
    expect(found.atRestAllActive).toBeGreaterThan(20);
  });
});
