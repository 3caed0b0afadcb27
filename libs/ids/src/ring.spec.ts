import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { id, idFromBigInt, idToBigInt, type Id } from './id.ts';
import { betweenInclusive, closestTo, clockwiseDistance, compareClockwise, compareDistance, ringDistance } from './ring.ts';
import { arbitraryId } from './testing/arbitrary-id.ts';

const RING = 1n << 128n;

// The same by plain arithmetic over whole numbers modulo 2^128.
const oracle = {
  clockwise: (from: Id, to: Id): bigint => (((idToBigInt(to) - idToBigInt(from)) % RING) + RING) % RING,
  distance(a: Id, b: Id): bigint {
    const up = oracle.clockwise(a, b);
    return up < RING - up ? up : RING - up;
  },
};

const sign = (value: number | bigint): number => (value < 0 ? -1 : value > 0 ? 1 : 0);

describe('ring arithmetic', () => {
  it('measures distances like whole numbers modulo 2^128', () => {
    fc.assert(
      fc.property(arbitraryId, arbitraryId, (a, b) => {
        expect(clockwiseDistance(a, b)).toBe(oracle.clockwise(a, b));
        expect(ringDistance(a, b)).toBe(oracle.distance(a, b));
        expect(ringDistance(a, b)).toBe(ringDistance(b, a));
      }),
      { seed: 1 },
    );
  });

  it('orders two ids by their distance to a key, at a tie the one above first', () => {
    fc.assert(
      fc.property(arbitraryId, arbitraryId, arbitraryId, (key, a, b) => {
        const difference = oracle.distance(key, a) - oracle.distance(key, b);
        const tie = oracle.clockwise(key, a) === oracle.distance(key, a) ? -1 : 1;
        expect(sign(compareDistance(key, a, b))).toBe(a === b ? 0 : difference === 0n ? tie : sign(difference));
      }),
      { seed: 2, numRuns: 2_000 },
    );
  });

  it('gives every key one root: two ids at the same distance never tie', () => {
    const key = id('80000000000000000000000000000000');
    const above = idFromBigInt(idToBigInt(key) + 5n);
    const below = idFromBigInt(idToBigInt(key) - 5n);
    expect(compareDistance(key, above, below)).toBe(-1);
    expect(compareDistance(key, below, above)).toBe(1);
    expect(closestTo(key, [below, above])).toBe(above);
  });

  it('goes round clockwise from an origin', () => {
    fc.assert(
      fc.property(arbitraryId, arbitraryId, arbitraryId, (origin, a, b) => {
        expect(sign(compareClockwise(origin, a, b))).toBe(sign(oracle.clockwise(origin, a) - oracle.clockwise(origin, b)));
      }),
      { seed: 3, numRuns: 1_000 },
    );
  });

  it('knows what lies between two ids going up, both ends included', () => {
    fc.assert(
      fc.property(arbitraryId, arbitraryId, arbitraryId, (low, value, high) => {
        expect(betweenInclusive(low, value, high)).toBe(oracle.clockwise(low, value) <= oracle.clockwise(low, high));
      }),
      { seed: 4, numRuns: 1_000 },
    );
  });

  it('finds the closest of many', () => {
    fc.assert(
      fc.property(arbitraryId, fc.array(arbitraryId, { maxLength: 40 }), (key, ids) => {
        const closest = closestTo(key, ids);
        expect(ids.every((other) => closest !== undefined && compareDistance(key, closest, other) <= 0)).toBe(true);
      }),
      { seed: 5 },
    );
  });
});
