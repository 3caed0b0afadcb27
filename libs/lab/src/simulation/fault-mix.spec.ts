import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { describeFaultMix, drawFaultMix, type FaultMix } from './fault-mix.ts';

const mixes = Array.from({ length: 100 }, (_, seed) => drawFaultMix(seededRng(seed)));

describe('a fault mix', () => {
  it('leaves out each kind of fault in some seeds and has it in others', () => {
    const kinds: readonly (keyof FaultMix)[] = ['leaveEveryMs', 'cutEveryMs', 'clogEveryMs', 'swallowEveryMs'];
    for (const kind of kinds) {
      const present = mixes.filter((mix) => mix[kind] !== undefined).length;
      expect(present, kind).toBeGreaterThan(40);
      expect(present, kind).toBeLessThan(80);
    }
    for (const share of ['newcomerShare', 'clockError'] as const) expect(new Set(mixes.map((mix) => mix[share] > 0)).size, share).toBe(2);
  });

  it('has crashes in every seed, rare ones and frequent ones', () => {
    const periods = mixes.map(({ crashEveryMs }) => crashEveryMs);
    expect(Math.min(...periods)).toBeLessThan(2_000);
    expect(Math.max(...periods)).toBeGreaterThan(10_000);
  });

  it('draws the same weather and crashes where only basic faults are asked for, and nothing else', () => {
    const basic = drawFaultMix(seededRng(7), 'basic');
    expect(basic).toMatchObject({ weather: mixes[7]?.weather, crashEveryMs: mixes[7]?.crashEveryMs, newcomerShare: 0, clockError: 0 });
    for (const kind of ['leaveEveryMs', 'pauseEveryMs', 'cutEveryMs', 'clogEveryMs', 'swallowEveryMs'] as const) expect(basic[kind], kind).toBeUndefined();
  });

  it('says in one line what is in it', () => {
    const text = describeFaultMix({ ...(mixes[0] as FaultMix), cutEveryMs: 2_500, clogEveryMs: undefined, clockError: 0.01 });
    expect(text).toContain('one-way cut every 2.5 s; ');
    expect(text).not.toContain('clog');
    expect(text).toContain('clocks wrong by 1.0 %');
  });
});
