import type { Millis } from '@banyan/sansio';

interface Alarm<Key> {
  readonly key: Key;
  readonly at: Millis;
  readonly order: number;
}

/**
 * One alarm per key, the earliest first: a binary heap whose outdated members are skipped when they surface.
 * Equal times come in the order they were set, so that runs repeat.
 */
export class Alarms<Key> {
  readonly #current = new Map<Key, Alarm<Key>>();
  #heap: Alarm<Key>[] = [];
  #order = 0;

  /** Sets, moves or (undefined) removes the alarm of `key`. */
  set(key: Key, at: Millis | undefined): void {
    if (at === undefined) {
      this.#current.delete(key);
      return;
    }
    if (this.#current.get(key)?.at === at) return;
    const alarm = { key, at, order: this.#order++ };
    this.#current.set(key, alarm);
    this.#up(alarm);
    if (this.#heap.length > 64 && this.#heap.length > 4 * this.#current.size) this.#rebuild();
  }

  /** Alarms kept, outdated ones with them. */
  get size(): number {
    return this.#heap.length;
  }

  /** When the earliest is due. */
  next(): Millis | undefined {
    this.#skipOutdated();
    return this.#heap[0]?.at;
  }

  /** Takes one key that is due; undefined when none is. */
  takeDue(now: Millis): Key | undefined {
    this.#skipOutdated();
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.#pop();
    this.#current.delete(first.key);
    return first.key;
  }

  #skipOutdated(): void {
    for (let first = this.#heap[0]; first !== undefined && this.#current.get(first.key) !== first; first = this.#heap[0]) this.#pop();
  }

  #rebuild(): void {
    this.#heap = [];
    for (const alarm of [...this.#current.values()].sort((a, b) => (before(a, b) ? -1 : 1))) this.#heap.push(alarm);
  }

  #up(alarm: Alarm<Key>): void {
    const heap = this.#heap;
    let at = heap.push(alarm) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !before(alarm, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = alarm;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const goRight = right !== undefined && before(right, left);
      const least = goRight ? right : left;
      if (!before(least, last)) break;
      heap[at] = least;
      at = goRight ? 2 * at + 2 : 2 * at + 1;
    }
    heap[at] = last;
  }
}

function before<Key>(a: Alarm<Key>, b: Alarm<Key>): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}
