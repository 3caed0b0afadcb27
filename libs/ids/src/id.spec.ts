import { AssertionFailed, seededRng } from '@banyan/sansio';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ID_DIGITS, id, idFromBigInt, idFromBytes, idToBigInt, idToBytes, parseId, randomId } from './id.ts';
import { arbitraryId } from './testing/arbitrary-id.ts';

describe('an id', () => {
  it('is 32 hex digits, in lower case', () => {
    expect(parseId('ABCDEF0123456789abcdef0123456789')).toBe('abcdef0123456789abcdef0123456789');
    for (const text of ['', '00', 'g'.repeat(ID_DIGITS), '0'.repeat(ID_DIGITS + 1), ` ${'0'.repeat(ID_DIGITS - 1)}`]) expect(parseId(text)).toBeUndefined();
    expect(() => id('nonsense')).toThrow(AssertionFailed);
  });

  it('survives the way to bytes and to a whole number and back', () => {
    fc.assert(
      fc.property(arbitraryId, (value) => {
        expect(idFromBytes(idToBytes(value))).toBe(value);
        expect(idFromBigInt(idToBigInt(value))).toBe(value);
      }),
      { seed: 1 },
    );
  });

  it('compares as text like the number it spells', () => {
    fc.assert(
      fc.property(arbitraryId, arbitraryId, (a, b) => {
        expect(a < b).toBe(idToBigInt(a) < idToBigInt(b));
      }),
      { seed: 2 },
    );
  });

  it('wraps at 2^128', () => {
    expect(idFromBigInt(-1n)).toBe('f'.repeat(ID_DIGITS));
    expect(idFromBigInt(1n << 128n)).toBe('0'.repeat(ID_DIGITS));
  });

  it('is drawn from its seed', () => {
    expect(randomId(seededRng(7))).toBe(randomId(seededRng(7)));
    expect(parseId(randomId(seededRng(8)))).toBeDefined();
  });
});
