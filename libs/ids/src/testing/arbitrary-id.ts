import fc from 'fast-check';
import { idFromBigInt, type Id } from '../id.ts';

const RING = 1n << 128n;

/** Ids from all over the ring, and many that are close to 0, to the middle and to each other, where wrapping goes wrong. */
export const arbitraryId: fc.Arbitrary<Id> = fc
  .oneof(
    fc.bigInt({ min: 0n, max: RING - 1n }),
    fc.tuple(fc.constantFrom(0n, RING / 2n, RING / 4n, 0xabcdn << 112n), fc.bigInt({ min: -20n, max: 20n })).map(([base, offset]) => base + offset),
  )
  .map((value) => idFromBigInt(value));
