import { describe, expect, it } from 'vitest';
import { seededRng } from './rng.ts';

const draws = (seed: number, count: number): number[] => {
  const rng = seededRng(seed);
  return Array.from({ length: count }, () => rng.next());
};

describe('a seeded generator', () => {
  it('repeats itself from the same seed and differs from another', () => {
    expect(draws(42, 20)).toEqual(draws(42, 20));
    expect(draws(42, 20)).not.toEqual(draws(43, 20));
  });

  it('is roughly uniform', () => {
    const counts = new Array<number>(10).fill(0);
    for (const draw of draws(1, 20_000)) counts[Math.floor(draw * 10)]! += 1;
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(200);
  });

  it('shuffles without loss and picks members only', () => {
    const rng = seededRng(3);
    const items = Array.from({ length: 50 }, (_, i) => i);
    const shuffled = rng.shuffle(items);
    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
    expect(items).toContain(rng.pick(items));
    expect(rng.pick([])).toBeUndefined();
  });

  it('forks into a stream of its own', () => {
    const parent = seededRng(5);
    const child = parent.fork();
    const later = parent.next();
    const again = seededRng(5);
    again.fork().next();
    expect(again.next()).toBe(later);
    expect(child.next()).not.toBe(later);
  });

  it('shows its whole state', () => {
    const a = seededRng(9);
    const b = seededRng(9);
    expect(a.state()).toEqual(b.state());
    a.next();
    expect(a.state()).not.toEqual(b.state());
  });
});
