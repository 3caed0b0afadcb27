import type { Millis } from '@banyan/sansio';

/** The names met lately: of the last `forMs`, and at most `max` of them, the oldest forgotten first. */
export class SeenWindow {
  readonly #metAt = new Map<string, Millis>();
  readonly #forMs: Millis;
  readonly #max: number;

  constructor(bounds: { readonly forMs: Millis; readonly max: number }) {
    this.#forMs = bounds.forMs;
    this.#max = bounds.max;
  }

  get size(): number {
    return this.#metAt.size;
  }

  has(now: Millis, name: string): boolean {
    const metAt = this.#metAt.get(name);
    return metAt !== undefined && now - metAt < this.#forMs;
  }

  /** False when the name was met already. */
  addIfNew(now: Millis, name: string): boolean {
    if (this.has(now, name)) return false;
    this.#metAt.delete(name);
    this.#metAt.set(name, now);
    this.#forget(now);
    return true;
  }

  // Insertion order is the order of time, so what is to be forgotten stands first.
  #forget(now: Millis): void {
    for (const [name, metAt] of this.#metAt) {
      if (this.#metAt.size <= this.#max && now - metAt < this.#forMs) return;
      this.#metAt.delete(name);
    }
  }
}
