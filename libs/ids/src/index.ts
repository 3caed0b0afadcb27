export { ID_BITS, ID_DIGITS, id, idFromBigInt, idFromBytes, idToBigInt, idToBytes, parseId, randomId, type Id } from './id.ts';
export { betweenInclusive, closestTo, clockwiseDistance, compareClockwise, compareDistance, ringDistance, ringShare } from './ring.ts';
export { digitAt, digitCount, leadingNumber, sharedPrefix, type DigitBits } from './prefix.ts';
