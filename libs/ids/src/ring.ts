import { idToBigInt, type Id } from './id.ts';
import { leadingNumber } from './prefix.ts';

const RING = 1n << 128n;

// The first 28 bits decide nearly every comparison and are a small integer; of near-ties the first 52 decide most, which fit a
// double exactly; the rest needs all 128.
const BROW_DIGITS = 7;
const BROW_RING = 2 ** 28;
const HEAD_DIGITS = 13;
const HEAD_RING = 2 ** 52;
const HEAD_SLACK = 2;

/** Steps from `from` to `to` going up (clockwise), in [0, 2^128). */
export function clockwiseDistance(from: Id, to: Id): bigint {
  return BigInt.asUintN(128, idToBigInt(to) - idToBigInt(from));
}

/** Steps between two ids the shorter way round, in [0, 2^127]. */
export function ringDistance(a: Id, b: Id): bigint {
  const up = clockwiseDistance(a, b);
  return up <= RING - up ? up : RING - up;
}

/**
 * Which of `a` and `b` is closer to `key` on the ring: negative for `a`, positive for `b`, 0 only when they are equal.
 * Of two at the same distance the one above `key` (clockwise) counts as closer, so every key has one root.
 */
export function compareDistance(key: Id, a: Id, b: Id): number {
  if (a === b) return 0;
  const rougher = browDistance(key, a) - browDistance(key, b);
  if (rougher > HEAD_SLACK || rougher < -HEAD_SLACK) return rougher;
  const rough = headDistance(key, a) - headDistance(key, b);
  if (rough > HEAD_SLACK || rough < -HEAD_SLACK) return rough;
  const toA = ringDistance(key, a);
  const toB = ringDistance(key, b);
  if (toA !== toB) return toA < toB ? -1 : 1;
  return clockwiseDistance(key, a) === toA ? -1 : 1;
}

/** Distance the shorter way round as a share of the whole ring, in [0, 1/2], from the first 52 bits: for estimates. */
export function ringShare(a: Id, b: Id): number {
  return headDistance(a, b) / HEAD_RING;
}

/** The member of `ids` closest to `key`; undefined of an empty list. */
export function closestTo(key: Id, ids: Iterable<Id>): Id | undefined {
  let best: Id | undefined;
  for (const candidate of ids) {
    if (best === undefined || compareDistance(key, candidate, best) < 0) best = candidate;
  }
  return best;
}

/** True when going up from `low` one meets `value` no later than `high`; both ends belong. `low === high` is one point. */
export function betweenInclusive(low: Id, value: Id, high: Id): boolean {
  return low <= high ? low <= value && value <= high : low <= value || value <= high;
}

/** Orders ids by how far up (clockwise) from `origin` they lie; `origin` itself comes first. */
export function compareClockwise(origin: Id, a: Id, b: Id): number {
  if (a === b) return 0;
  const aWraps = a < origin;
  const bWraps = b < origin;
  if (aWraps !== bWraps) return aWraps ? 1 : -1;
  return a < b ? -1 : 1;
}

function headDistance(a: Id, b: Id): number {
  const gap = Math.abs(leadingNumber(a, HEAD_DIGITS) - leadingNumber(b, HEAD_DIGITS));
  return Math.min(gap, HEAD_RING - gap);
}

function browDistance(a: Id, b: Id): number {
  const gap = Math.abs(brow(a) - brow(b));
  return Math.min(gap, BROW_RING - gap);
}

// Small enough for whole-number arithmetic.
function brow(value: Id): number {
  let number = 0;
  for (let i = 0; i < BROW_DIGITS; i++) {
    const code = value.charCodeAt(i);
    number = (number << 4) | (code <= 57 ? code - 48 : code - 87);
  }
  return number;
}
