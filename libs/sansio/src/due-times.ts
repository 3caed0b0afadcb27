import type { Millis } from './machine.ts';

/**
 * A set of keys, each with the time at which it falls due: retransmissions, probes, leases.
 * `next` may be early after a deletion, never late, which makes both `set` and `delete` constant time;
 * an early wake finds nothing due and corrects it.
 */
export class DueTimes<K> {
  readonly #dueAt = new Map<K, Millis>();
  #next = Infinity;

  get size(): number {
    return this.#dueAt.size;
  }

  /** A time no later than the earliest due time; Infinity when there is none. */
  next(): Millis {
    return this.#next;
  }

  has(key: K): boolean {
    return this.#dueAt.has(key);
  }

  /** Sets or moves the due time of `key`. */
  set(key: K, at: Millis): void {
    this.#dueAt.set(key, at);
    if (at < this.#next) this.#next = at;
  }

  delete(key: K): void {
    this.#dueAt.delete(key);
    if (this.#dueAt.size === 0) this.#next = Infinity;
  }

  /** Removes and returns every key due at `now`, in the order in which they were first set. */
  takeDue(now: Millis): readonly K[] {
    if (now < this.#next) return NONE;
    const due: K[] = [];
    let next = Infinity;
    for (const [key, at] of this.#dueAt) {
      if (at <= now) due.push(key);
      else if (at < next) next = at;
    }
    for (const key of due) this.#dueAt.delete(key);
    this.#next = next;
    return due;
  }
}

const NONE: readonly never[] = [];
