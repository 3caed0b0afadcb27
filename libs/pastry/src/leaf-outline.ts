import { compareClockwise, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { HEAD_DIGITS, headOf, type LeafSet } from './leaf-set.ts';

/**
 * A leaf set told by the heads of its ids, the first 48 bits of each: enough to see which leaf the other lacks and where on
 * the ring it lies, for a tenth of what the handles take. Where two ids share a head, one may be taken for the other, and
 * another exchange tells.
 */
export interface LeafOutline {
  /** Clockwise from the teller, as the leaves stand. */
  readonly heads: readonly number[];
  /** How many of them, the first ones, make up the upper half. */
  readonly above: number;
  /** How many more leaves there is room for, above and below. */
  readonly roomAbove: number;
  readonly roomBelow: number;
}

/**
 * The outline of a leaf set with two halves of that size, as far as it concerns `reader`: a leaf set of the reader reaches
 * as many places to either side of it, and of what lies beyond it knows nothing.
 */
export function outlineOf(leafSet: LeafSet, half: number, reader: Id): LeafOutline {
  const { heads, isFull, members, self, size, wasFull } = leafSet;
  const above = isFull ? half : leafSet.countAbove();
  const below = size - above;
  const free = 2 * half - size;
  // While the whole ring fits in, a leaf may stand in either half.
  if (!wasFull) return { heads, above, roomAbove: free, roomBelow: free };
  const before = members.filter(({ id }) => compareClockwise(self, id, reader) < 0).length;
  // Of the half on its side it knows all, of the other as many as lie within its own half beyond us.
  const isAbove = before < above;
  const toldAbove = isAbove ? above : Math.min(above, half - Math.min(half, size - before));
  const toldBelow = isAbove ? Math.min(below, half - Math.min(half, before)) : below;
  return {
    heads: toldAbove + toldBelow === size ? heads : [...heads.slice(0, toldAbove), ...heads.slice(size - toldBelow)],
    above: toldAbove,
    roomAbove: toldAbove < above ? 0 : Math.max(0, half - above),
    roomBelow: toldBelow < below ? 0 : Math.max(0, half - below),
  };
}

/** Which of these the teller of an outline lacks and has a place for: all within its reach, and beyond it as many as there is room for. */
export function lackedBy(teller: Id, { heads, above, roomAbove, roomBelow }: LeafOutline, known: LeafSet): readonly NodeHandle[] {
  const knownHeads = known.heads;
  const lacked = known.members.filter(({ id }, at) => !heads.includes(knownHeads[at] ?? 0) && id !== teller);
  if (lacked.length === 0) return lacked;
  lacked.sort((a, b) => compareClockwise(teller, a.id, b.id));
  const farthestAbove = above === 0 ? undefined : idAt(heads[above - 1]);
  const farthestBelow = idAt(heads[above]);
  const beyond: NodeHandle[] = [];
  const within = lacked.filter((node) => {
    const isWithin =
      (farthestAbove !== undefined && compareClockwise(teller, node.id, farthestAbove) < 0) ||
      (farthestBelow !== undefined && compareClockwise(teller, node.id, farthestBelow) > 0);
    if (!isWithin) beyond.push(node);
    return isWithin;
  });
  // Sorted going up: those next above come first, those next below last; in a ring of few they may lie more than half of it away.
  const next = new Set([...beyond.slice(0, roomAbove), ...beyond.slice(Math.max(0, beyond.length - roomBelow))]);
  return next.size === 0 ? within : [...within, ...next];
}

/** The heads of leaves that this leaf set lacks and would take in. */
export function lackedHeads({ heads }: LeafOutline, leafSet: LeafSet): readonly number[] {
  const known = leafSet.heads;
  const own = headOf(leafSet.self);
  return heads.filter((head) => !known.includes(head) && head !== own && leafSet.admits(idOf(head)));
}

// The lowest id with that head.
function idOf(head: number): Id {
  return head.toString(16).padStart(HEAD_DIGITS, '0').padEnd(ID_DIGITS, '0') as Id;
}

function idAt(head: number | undefined): Id | undefined {
  return head === undefined ? undefined : idOf(head);
}

const ID_DIGITS = 32;
