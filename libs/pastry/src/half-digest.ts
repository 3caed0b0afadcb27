import { leadingNumber, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { LeafSet } from './leaf-set.ts';

/** Leaves told at once to a neighbor whose half differs from what we expect in more than one of them. */
const TOLD_MAX = 4;

/**
 * A digest of one half of a leaf set, by which ring neighbors see whether they agree without telling the whole of it: the
 * exclusive or of the first 32 bits of the ids. Where just one is missing, the difference of two digests is that one.
 */
export function halfDigest(leaves: readonly NodeHandle[]): number {
  return leaves.reduce((digest, { id }) => (digest ^ head(id)) >>> 0, 0);
}

/** The half of the leaf set on that side, nearest first; shorter while leaves are missing. */
export function halfOf(leafSet: LeafSet, above: boolean, half: number): readonly NodeHandle[] {
  const { members, size } = leafSet;
  if (above) return members.slice(0, Math.min(half, leafSet.isFull ? half : leafSet.countAbove()));
  return members.slice(Math.max(size - half, leafSet.isFull ? size - half : leafSet.countAbove())).reverse();
}

/** What a ring neighbor told of its half on our side, and what we know ourselves. */
export interface HalfComparison {
  /** Its digest. */
  readonly told: number;
  readonly self: Id;
  /** Our own half beyond, seen from it; nearest first. */
  readonly beyond: readonly NodeHandle[];
  readonly half: number;
}

/** True when its half is not ourselves and all but the farthest of ours beyond, as far as we can know. */
export function differsAt(compared: HalfComparison): boolean {
  return compared.beyond.length >= compared.half - 1 && difference(compared) !== 0;
}

/** Whom of ours it may lack: the one in which the digests differ, or else the farthest few. */
export function missingAt(compared: HalfComparison): readonly NodeHandle[] {
  const wanted = difference(compared);
  const expected = compared.beyond.slice(0, compared.half - 1);
  const missing = expected.find(({ id }) => head(id) === wanted);
  return missing === undefined ? expected.slice(-TOLD_MAX) : [missing];
}

function difference({ told, self, beyond, half }: HalfComparison): number {
  return (halfDigest(beyond.slice(0, half - 1)) ^ head(self) ^ told) >>> 0;
}

function head(id: Id): number {
  return leadingNumber(id, 8);
}
