import { compareClockwise, compareDistance, digitAt, leadingNumber, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { assert } from '@banyan/sansio';

/** Hex digits of an id that make its head. */
export const HEAD_DIGITS = 12;

/** The first 48 bits of an id: nearly always enough to tell it from all others nearby. */
export function headOf(id: Id): number {
  return leadingNumber(id, HEAD_DIGITS);
}

/** What an insertion did: who came in, and who had to go for it. */
export interface LeafSetChange {
  readonly gained: NodeHandle | undefined;
  readonly lost: NodeHandle | undefined;
}

/**
 * L: the |L|/2 nodes next above and the |L|/2 next below `self` on the ring.
 * In a ring of at most |L| others every one of them is a leaf and belongs to both halves, as far as these reach. In a leaf
 * set that was full and has lost members each half keeps to its own side of the ring: else a hole below would be closed with
 * nodes from above, and from there by a walk around the whole ring.
 * Pure data: it says what changed, the node decides whom to tell. Lookups by id are binary searches over at most |L| strings.
 * Source: Rowstron & Druschel 2001, §2.1.
 */
export class LeafSet {
  readonly self: Id;
  readonly #half: number;
  /** Clockwise from self: the first half are the larger leaves nearest first, the last half the smaller ones farthest first. */
  #members: readonly NodeHandle[];
  /** Their heads, in the same order. */
  #heads: readonly number[] = [];
  #headsAreOf: readonly NodeHandle[] | undefined;
  #wasFull = false;
  #wrapCount = 0;
  /** The members that `#wrapCount` was counted of. */
  #wrapsAtOf: readonly NodeHandle[] | undefined;

  constructor(self: Id, size: number, members: readonly NodeHandle[] = []) {
    assert(size >= 2 && size % 2 === 0, 'a leaf set has two equal halves');
    this.self = self;
    this.#half = size / 2;
    this.#members = members;
    this.#wasFull = this.isFull;
  }

  get size(): number {
    return this.#members.length;
  }

  /** True when both halves are full, each with nodes of its own. */
  get isFull(): boolean {
    return this.#members.length === 2 * this.#half;
  }

  /** True when it was full once: the ring is larger than the leaf set. */
  get wasFull(): boolean {
    return this.#wasFull;
  }

  /** Every leaf, clockwise from self. The array is never changed afterwards, so it may be kept and sent. */
  get members(): readonly NodeHandle[] {
    return this.#members;
  }

  /** The first 48 bits of each leaf's id, in the same order. The array is never changed afterwards. */
  get heads(): readonly number[] {
    if (this.#headsAreOf !== this.#members) {
      this.#headsAreOf = this.#members;
      this.#heads = this.#members.map(({ id }) => headOf(id));
    }
    return this.#heads;
  }

  /** The next node above self. */
  get right(): NodeHandle | undefined {
    return this.#members[0];
  }

  /** The next node below self. */
  get left(): NodeHandle | undefined {
    return this.#members[this.#members.length - 1];
  }

  /** The leaf farthest above, within its half. */
  get farthestRight(): NodeHandle | undefined {
    return this.#members[(this.isFull ? this.#half : this.countAbove()) - 1];
  }

  /** The leaf farthest below, within its half. */
  get farthestLeft(): NodeHandle | undefined {
    return this.#members[this.isFull ? this.#half : this.countAbove()];
  }

  clone(): LeafSet {
    const copy = new LeafSet(this.self, 2 * this.#half, this.#members);
    copy.#wasFull = this.#wasFull;
    return copy;
  }

  /** The ring has become so small that every node is a leaf again. */
  becomeWholeRing(): void {
    this.#wasFull = this.isFull;
  }

  get(id: Id): NodeHandle | undefined {
    const member = this.#members[this.#position(id)];
    return member?.id === id ? member : undefined;
  }

  has(id: Id): boolean {
    return this.get(id) !== undefined;
  }

  /** True when a node at `id` would be a leaf: it is none yet, and there is room or it is nearer than one of them. */
  admits(id: Id): boolean {
    if (id === this.self) return false;
    const at = this.#position(id);
    if (this.#members[at]?.id === id) return false;
    if (this.isFull) return at !== this.#half;
    return !this.#wasFull || this.#hasRoomOnItsSide(id, at);
  }

  /** Puts in a node; a leaf with the same id is replaced by its newer life. */
  insert(handle: NodeHandle): LeafSetChange {
    const at = this.#position(handle.id);
    const present = this.#members[at];
    if (present?.id === handle.id) {
      if (present.incarnation >= handle.incarnation) return UNCHANGED;
      this.#members = this.#members.with(at, handle);
      return { gained: handle, lost: present };
    }
    if (!this.admits(handle.id)) return UNCHANGED;
    const members = [...this.#members.slice(0, at), handle, ...this.#members.slice(at)];
    const surplus = this.#surplus(members);
    const lost = surplus === undefined ? undefined : members.splice(surplus, 1)[0];
    this.#members = members;
    this.#wasFull ||= this.isFull;
    return { gained: handle, lost };
  }

  /** The leaf that was taken out. */
  remove(id: Id): NodeHandle | undefined {
    const at = this.#position(id);
    const present = this.#members[at];
    if (present?.id !== id) return undefined;
    this.#members = this.#members.toSpliced(at, 1);
    return present;
  }

  /**
   * True when `key` lies between the farthest leaves, so that the closest of them and self is its root.
   * `wholeRing`: these are all the nodes there are, so every key does.
   */
  covers(key: Id, wholeRing: boolean): boolean {
    if (key === this.self || wholeRing) return true;
    const right = this.farthestRight;
    const left = this.farthestLeft;
    if (right === undefined || left === undefined) return false;
    if (this.isFull) return compareClockwise(this.self, key, right.id) <= 0 || compareClockwise(this.self, key, left.id) >= 0;
    return this.#coversByReach(key);
  }

  /** The leaf closest to `key`, leaving out `except`; undefined when self is closer than every leaf. */
  closest(key: Id, except?: Id): NodeHandle | undefined {
    const count = this.#members.length;
    if (count === 0) return undefined;
    const at = this.#position(key);
    const above = this.#candidate(at, 1, except);
    const below = this.#candidate(at - 1, -1, except);
    let best: NodeHandle | undefined;
    for (const candidate of [above, below]) {
      if (candidate !== undefined && compareDistance(key, candidate.id, best?.id ?? this.self) < 0) best = candidate;
    }
    return best;
  }

  /** Every leaf, nearest to self first. */
  nearestFirst(): readonly NodeHandle[] {
    return [...this.#members].sort((a, b) => compareDistance(this.self, a.id, b.id));
  }

  /** At most `max` other leaves, those next to `id` first. */
  nearestTo(id: Id, max: number): readonly NodeHandle[] {
    const others = this.#members.filter((leaf) => leaf.id !== id);
    return others.sort((a, b) => compareDistance(id, a.id, b.id)).slice(0, max);
  }

  /** True when the leaf is one of the two next to self on the ring. */
  isNeighbor(id: Id): boolean {
    return this.right?.id === id || this.left?.id === id;
  }

  /** How many leaves lie above self by less than half the ring; the others lie below. */
  countAbove(): number {
    let count = 0;
    while (count < this.#members.length && this.isAbove((this.#members[count] as NodeHandle).id)) count++;
    return count;
  }

  /** True when `id` lies above self by less than half the ring. */
  isAbove(id: Id): boolean {
    return isWithinHalfAbove(this.self, id);
  }

  #hasRoomOnItsSide(id: Id, at: number): boolean {
    const above = this.countAbove();
    if (this.isAbove(id)) return at < this.#half;
    return this.#members.length - Math.max(at, above) < this.#half;
  }

  // Which of the members has no place any more after an insertion.
  #surplus(members: readonly NodeHandle[]): number | undefined {
    // Of |L| + 1 nodes the middle one is in neither half.
    if (members.length > 2 * this.#half) return this.#half;
    if (!this.#wasFull) return undefined;
    const above = members.findIndex((member) => !this.isAbove(member.id));
    const countAbove = above === -1 ? members.length : above;
    if (countAbove > this.#half) return countAbove - 1;
    return members.length - countAbove > this.#half ? countAbove : undefined;
  }

  // Where `id` stands, or would stand, clockwise from self.
  #position(id: Id): number {
    // Going up from self the ids grow, up to the end of the ring; those beyond it grow again. So one comparison a step is enough.
    const wrapsAt = this.#wrapsAt();
    let low = id < this.self ? wrapsAt : 0;
    let high = id < this.self ? this.#members.length : wrapsAt;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#members[middle] as NodeHandle).id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many leaves have a larger id than self, which is where going up wraps round the end of the ring. */
  #wrapsAt(): number {
    if (this.#wrapsAtOf !== this.#members) {
      let count = 0;
      while (count < this.#members.length && (this.#members[count] as NodeHandle).id > this.self) count++;
      this.#wrapsAtOf = this.#members;
      this.#wrapCount = count;
    }
    return this.#wrapCount;
  }

  // Going round from `at` by `step`: the first leaf that is not `except`; undefined when self comes first or nothing is left.
  #candidate(at: number, step: 1 | -1, except: Id | undefined): NodeHandle | undefined {
    const member = this.#members[at];
    return member !== undefined && member.id === except ? this.#members[at + step] : member;
  }

  // A depleted leaf set of a larger ring: a leaf stands only for the side on which it is nearer.
  #coversByReach(key: Id): boolean {
    const keyAbove = this.isAbove(key);
    return this.#members.some((leaf) => {
      if (this.isAbove(leaf.id) !== keyAbove) return false;
      const order = compareClockwise(this.self, key, leaf.id);
      return keyAbove ? order <= 0 : order >= 0;
    });
  }
}

/** True when `id` lies above `origin` by less than half the ring. The first digits decide, unless they lie none or just eight apart. */
function isWithinHalfAbove(origin: Id, id: Id): boolean {
  const apart = (digitAt(id, 0, 4) - digitAt(origin, 0, 4)) & 15;
  if (apart === 0) return id >= origin;
  return apart === 8 ? id.slice(1) < origin.slice(1) : apart < 8;
}

const UNCHANGED: LeafSetChange = { gained: undefined, lost: undefined };
