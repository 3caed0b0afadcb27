import { describe, expect, it } from 'vitest';
import { UpkeepBudget } from './upkeep-budget.ts';

describe('Rhea et al. 2004, §4: upkeep within a bandwidth', () => {
  it('spends no more than so many bytes a second, and a burst after a quiet time', () => {
    const budget = new UpkeepBudget({ upkeepBytesPerSecond: 100, upkeepBurstSeconds: 20 });
    const spent = (from: number, to: number): number => {
      let times = 0;
      for (let now = from; now < to; now += 10) if (budget.spend(now, 3)) times++;
      return times;
    };
    // 500 bytes each: 2,000 at first, then 100 a second.
    expect(spent(0, 1_000)).toBe(4);
    expect(spent(1_000, 101_000)).toBe(20);
    expect(spent(1_000_000, 1_001_000)).toBe(4);
  });

  it('lets through what is larger than a burst, once the whole burst is there', () => {
    const budget = new UpkeepBudget({ upkeepBytesPerSecond: 100, upkeepBurstSeconds: 2 });
    expect([budget.spend(0, 8), budget.spend(1_000, 8), budget.spend(11_000, 8), budget.spend(20_000, 8)]).toEqual([true, false, true, false]);
  });
});
