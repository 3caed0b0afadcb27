import { closestTo, randomId } from '@banyan/ids';
import { seededRng } from '@banyan/sansio';
import { expect, it } from 'vitest';
import { RingOracle } from './ring-oracle.ts';

it('agrees with a search through all members, while they come and go', () => {
  const rng = seededRng(5);
  const oracle = new RingOracle();
  const model = new Set<ReturnType<typeof randomId>>();
  for (let step = 0; step < 2_000; step++) {
    const id = randomId(rng);
    oracle.add(id);
    model.add(id);
    if (rng.next() < 0.6) {
      const gone = rng.pick([...model]) ?? id;
      oracle.delete(gone);
      model.delete(gone);
    }
    const key = randomId(rng);
    expect(oracle.rootOf(key)).toBe(closestTo(key, model));
    expect(oracle.size).toBe(model.size);
  }
});

it('knows the neighbors of a member and of a place between members', () => {
  const rng = seededRng(6);
  const ids = Array.from({ length: 5 }, () => randomId(rng)).sort();
  const [a, b, c, d, e] = ids;
  const oracle = new RingOracle();
  for (const id of rng.shuffle(ids)) oracle.add(id);
  expect(oracle.neighbors(a!, 2)).toEqual({ up: [b, c], down: [e, d] });
  oracle.delete(c!);
  expect(oracle.neighbors(c!, 2)).toEqual({ up: [d, e], down: [b, a] });
  expect(oracle.neighbors(b!, 9)).toEqual({ up: [d, e, a], down: [a, e, d] });
});

it('has no root in an empty ring', () => {
  expect(new RingOracle().rootOf(randomId(seededRng(1)))).toBeUndefined();
});
