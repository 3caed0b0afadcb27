import { assert, type Rng } from '@banyan/sansio';

declare const idBrand: unique symbol;

/** A place on the ring: 128 bits as 32 lower-case hex digits. Strings compare as the numbers they spell. */
export type Id = string & { readonly [idBrand]: true };

/** Bits of an id. */
export const ID_BITS = 128;
/** Hex digits of an id; with b = 4 also its digits. */
export const ID_DIGITS = 32;

/** The id that `text` spells, or undefined when it is not 32 hex digits (either case). */
export function parseId(text: string): Id | undefined {
  return /^[0-9a-fA-F]{32}$/.test(text) ? (text.toLowerCase() as Id) : undefined;
}

/** The id that `text` spells; an assertion when it is malformed. For constants and tests, never for input. */
export function id(text: string): Id {
  const parsed = parseId(text);
  assert(parsed !== undefined, `'${text}' is 32 hex digits`);
  return parsed;
}

/** The id of a whole number, modulo 2^128. */
export function idFromBigInt(value: bigint): Id {
  return BigInt.asUintN(ID_BITS, value).toString(16).padStart(ID_DIGITS, '0') as Id;
}

/** The whole number that an id spells. */
export function idToBigInt(value: Id): bigint {
  return BigInt(`0x${value}`);
}

/** The id spelled by the first 16 of `bytes`. */
export function idFromBytes(bytes: Uint8Array): Id {
  assert(bytes.length >= ID_BITS / 8, 'an id has 16 bytes');
  let text = '';
  for (let i = 0; i < ID_BITS / 8; i++) text += (bytes[i] ?? 0).toString(16).padStart(2, '0');
  return text as Id;
}

/** The 16 bytes of an id, most significant first. */
export function idToBytes(value: Id): Uint8Array {
  const bytes = new Uint8Array(ID_BITS / 8);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(value.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** An id drawn uniformly from the whole ring. */
export function randomId(rng: Rng): Id {
  // Joined rather than added up, for ids are compared all the time: in V8 a sum of strings stays in pieces until it is first read.
  const words = Array.from({ length: 4 }, () => rng.below(0x1_0000_0000).toString(16).padStart(8, '0'));
  return words.join('') as Id;
}
