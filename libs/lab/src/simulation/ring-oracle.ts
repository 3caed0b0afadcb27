import { compareDistance, type Id } from '@banyan/ids';

/**
 * The true ring at this instant: the ids of all live nodes that are ready. It sees everything at once, as no node can,
 * and is what every delivery is judged by.
 */
export class RingOracle {
  /** Ascending. */
  readonly #ids: Id[] = [];

  get size(): number {
    return this.#ids.length;
  }

  has(id: Id): boolean {
    return this.#ids[this.#placeOf(id)] === id;
  }

  /** Without effect when it is in. */
  add(id: Id): void {
    const place = this.#placeOf(id);
    if (this.#ids[place] !== id) this.#ids.splice(place, 0, id);
  }

  /** Without effect when it is not in. */
  delete(id: Id): void {
    const place = this.#placeOf(id);
    if (this.#ids[place] === id) this.#ids.splice(place, 1);
  }

  /** The live ready node closest to `key`; undefined of an empty ring. O(log n). */
  rootOf(key: Id): Id | undefined {
    const above = this.#placeOf(key);
    const next = this.#ids[above % this.#ids.length];
    const previous = this.#ids[(above + this.#ids.length - 1) % this.#ids.length];
    if (next === undefined || previous === undefined) return undefined;
    return compareDistance(key, next, previous) <= 0 ? next : previous;
  }

  /** True when `node` is the live ready node closest to `key`. */
  isRoot(node: Id, key: Id): boolean {
    return this.rootOf(key) === node;
  }

  /** All members, ascending. */
  members(): readonly Id[] {
    return this.#ids;
  }

  /** The `count` members next to `id` in each direction, nearest first; fewer in a small ring. */
  neighbors(id: Id, count: number): { readonly up: readonly Id[]; readonly down: readonly Id[] } {
    const place = this.#placeOf(id);
    const size = this.#ids.length;
    const isMember = this.#ids[place] === id;
    const others = isMember ? size - 1 : size;
    const up: Id[] = [];
    const down: Id[] = [];
    for (let step = 0; step < Math.min(count, others); step++) {
      const above = this.#ids[(place + step + (isMember ? 1 : 0)) % size];
      const below = this.#ids[(place - 1 - step + 2 * size) % size];
      if (above !== undefined) up.push(above);
      if (below !== undefined) down.push(below);
    }
    return { up, down };
  }

  /** The first place whose id is not below `id`. */
  #placeOf(id: Id): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ids[middle] ?? id) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
