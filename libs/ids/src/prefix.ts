import type { Id } from './id.ts';
import { ID_BITS } from './id.ts';

/** Bits per digit that a routing table may use: 1, 2, 3 or 4. */
export type DigitBits = 1 | 2 | 3 | 4;

/** Digits of an id in base 2^b; the last of b = 3 has two bits only. */
export function digitCount(b: DigitBits): number {
  return Math.ceil(ID_BITS / b);
}

/** The digit of `value` at `position` (0 = most significant) in base 2^b. */
export function digitAt(value: Id, position: number, b: DigitBits): number {
  if (b === 4) return hexDigit(value, position);
  let digit = 0;
  for (let bit = position * b; bit < Math.min((position + 1) * b, ID_BITS); bit++) {
    digit = (digit << 1) | ((hexDigit(value, bit >> 2) >> (3 - (bit & 3))) & 1);
  }
  return digit;
}

/** How many leading base-2^b digits two ids share, from 0 to `digitCount(b)`. */
export function sharedPrefix(a: Id, c: Id, b: DigitBits): number {
  let hex = 0;
  while (hex < a.length && a.charCodeAt(hex) === c.charCodeAt(hex)) hex++;
  if (b === 4) return hex;
  if (hex === a.length) return digitCount(b);
  const difference = hexDigit(a, hex) ^ hexDigit(c, hex);
  return Math.floor((4 * hex + Math.clz32(difference) - 28) / b);
}

/** The number that the first `digits` hex digits of an id spell; exact up to 13 of them. */
export function leadingNumber(value: Id, digits: number): number {
  // Digit by digit: cutting the string and parsing it takes three times as long.
  let number = 0;
  for (let i = 0; i < digits; i++) number = number * 16 + hexDigit(value, i);
  return number;
}

function hexDigit(value: Id, position: number): number {
  const code = value.charCodeAt(position);
  return code <= 57 ? code - 48 : code - 87;
}
