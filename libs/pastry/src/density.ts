import { ringShare, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { LeafSet } from './leaf-set.ts';

/**
 * How densely the ring is settled, judged by how much of it the leaves span: from it a node guesses how many nodes lie
 * between two ids, and so whose leaf set holds whom. With |L| leaves the guess is off by about 1 / sqrt(|L|).
 * Source: Rowstron & Druschel 2001, §2.5 (the heuristic that estimates the density of nodeIds from local information).
 */
export class Density {
  readonly #leafSet: LeafSet;
  #judgedBy: readonly NodeHandle[] | undefined;
  #nodes = 1;

  constructor(leafSet: LeafSet) {
    this.#leafSet = leafSet;
  }

  /** Nodes in the whole ring. */
  nodes(): number {
    if (this.#judgedBy !== this.#leafSet.members) {
      this.#judgedBy = this.#leafSet.members;
      this.#nodes = this.#judge();
    }
    return this.#nodes;
  }

  /** Nodes between two ids, the shorter way round. */
  between(a: Id, b: Id): number {
    return ringShare(a, b) * this.nodes();
  }

  #judge(): number {
    const { farthestLeft, farthestRight, isFull, self, size } = this.#leafSet;
    if (!isFull || farthestLeft === undefined || farthestRight === undefined) return size + 1;
    const share = ringShare(self, farthestLeft.id) + ringShare(self, farthestRight.id);
    return share === 0 ? size + 1 : size / share;
  }
}
