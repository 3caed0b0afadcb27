import { idFromBigInt, idToBigInt, randomId, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Rng } from '@banyan/sansio';
import fc from 'fast-check';

export function handleOf(id: Id, incarnation = 1): NodeHandle {
  return { id, incarnation, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 1 };
}

/** An id whose first digits are given; the rest is zero. */
export function idOf(prefix: string): Id {
  return prefix.padEnd(32, '0') as Id;
}

/** Nodes at random places, sorted by id. */
export function randomNodes(rng: Rng, count: number): NodeHandle[] {
  return Array.from({ length: count }, () => handleOf(randomId(rng))).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Ids spread over the ring, some of them packed closely. */
export const arbitraryId: fc.Arbitrary<Id> = fc
  .oneof(
    fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
    fc.tuple(fc.constantFrom(0n, 1n << 127n, 7n << 120n), fc.bigInt({ min: -9n, max: 9n })).map(([base, offset]) => base + offset),
  )
  .map((value) => idFromBigInt(value));

/** Steps going up from one id to another. */
export function stepsUp(from: Id, to: Id): bigint {
  return BigInt.asUintN(128, idToBigInt(to) - idToBigInt(from));
}
