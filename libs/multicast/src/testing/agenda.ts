import type { Millis } from '@banyan/sansio';

interface Scheduled {
  readonly at: Millis;
  readonly order: number;
  readonly run: () => void;
}

/** What is to happen in virtual time, the earliest first; equal times in the order they were set. */
export class Agenda {
  now: Millis = 0;
  readonly #heap: Scheduled[] = [];
  #order = 0;

  after(delayMs: Millis, run: () => void): void {
    const item = { at: this.now + delayMs, order: this.#order++, run };
    const heap = this.#heap;
    let at = heap.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || isBefore(parent, item)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = item;
  }

  /** Runs everything up to `until`. */
  run(until: Millis): void {
    for (let first = this.#heap[0]; first !== undefined && first.at <= until; first = this.#heap[0]) {
      this.#pop();
      this.now = first.at;
      first.run();
    }
    this.now = until;
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
      const goRight = right !== undefined && isBefore(right, left);
      const least = goRight ? right : left;
      if (isBefore(last, least)) break;
      heap[at] = least;
      at = goRight ? 2 * at + 2 : 2 * at + 1;
    }
    heap[at] = last;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}
