import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { id, idToBigInt, type Id } from './id.ts';
import { digitAt, digitCount, sharedPrefix, type DigitBits } from './prefix.ts';
import { arbitraryId } from './testing/arbitrary-id.ts';

const arbitraryBits = fc.constantFrom<DigitBits>(1, 2, 3, 4);

// All digits of an id, cut out of its 128 bits.
function digits(value: Id, b: DigitBits): number[] {
  const bits = idToBigInt(value).toString(2).padStart(128, '0');
  return Array.from({ length: digitCount(b) }, (_, i) => parseInt(bits.slice(i * b, (i + 1) * b), 2));
}

describe('digits of an id', () => {
  it('are the groups of b bits, the last of b = 3 shorter', () => {
    expect([1, 2, 3, 4].map((b) => digitCount(b as DigitBits))).toEqual([128, 64, 43, 32]);
    fc.assert(
      fc.property(arbitraryId, arbitraryBits, (value, b) => {
        expect(digits(value, b).map((_, i) => digitAt(value, i, b))).toEqual(digits(value, b));
      }),
      { seed: 1 },
    );
  });

  it('are shared up to the first difference', () => {
    fc.assert(
      fc.property(arbitraryId, arbitraryId, arbitraryBits, (a, c, b) => {
        const [left, right] = [digits(a, b), digits(c, b)];
        const first = left.findIndex((digit, i) => digit !== right[i]);
        expect(sharedPrefix(a, c, b)).toBe(first === -1 ? digitCount(b) : first);
      }),
      { seed: 2, numRuns: 1_000 },
    );
  });

  it('may differ only in the last', () => {
    const a = id('00000000000000000000000000000000');
    const c = id('00000000000000000000000000000001');
    expect([1, 2, 3, 4].map((b) => sharedPrefix(a, c, b as DigitBits))).toEqual([127, 63, 42, 31]);
  });
});
