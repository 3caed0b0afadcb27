import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { DigestSet } from './digest-set.ts';

describe('DigestSet', () => {
  it('knows each digest once, over several growths', () => {
    const set = new DigestSet();
    const draw = (seed: number): (() => readonly [number, number]) => {
      const rng = seededRng(seed);
      return () => [rng.below(2 ** 32), rng.below(2 ** 32)];
    };
    const first = draw(1);
    for (let i = 0; i < 200_000; i++) expect(set.add(...first())).toBe(true);
    const again = draw(1);
    for (let i = 0; i < 200_000; i++) if (set.add(...again())) throw new Error('forgotten');
    expect(set.size).toBe(200_000);
  });

  it('takes words of either sign, and zero', () => {
    const set = new DigestSet();
    expect([set.add(0, 0), set.add(0, 0), set.add(-1, 7), set.add(0xffffffff, 7)]).toEqual([true, false, true, false]);
  });
});
