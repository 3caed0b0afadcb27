import type { Millis } from '@banyan/sansio';

/** Names met lately, each with a note: those of the last `forMs`, and at most `max` of them, the oldest forgotten first. */
export class SeenWindow<Note> {
  readonly #met = new Map<string, { readonly at: Millis; readonly note: Note }>();
  readonly #forMs: Millis;
  readonly #max: number;

  constructor(bounds: { readonly forMs: Millis; readonly max: number }) {
    this.#forMs = bounds.forMs;
    this.#max = bounds.max;
  }

  get size(): number {
    return this.#met.size;
  }

  has(now: Millis, name: string): boolean {
    const met = this.#met.get(name);
    return met !== undefined && now - met.at < this.#forMs;
  }

  /** False when the name was met already. */
  addIfNew(now: Millis, name: string, note: Note): boolean {
    if (this.has(now, name)) return false;
    this.#met.delete(name);
    this.#met.set(name, { at: now, note });
    this.#forget(now);
    return true;
  }

  /** At most `max` of the newest names whose note is as asked. */
  newest(now: Millis, isWanted: (note: Note) => boolean, max: number): readonly string[] {
    const wanted: string[] = [];
    for (const [name, met] of this.#met) if (now - met.at < this.#forMs && isWanted(met.note)) wanted.push(name);
    return wanted.slice(-max);
  }

  // Insertion order is the order of time, so what is to be forgotten stands first.
  #forget(now: Millis): void {
    for (const [name, met] of this.#met) {
      if (this.#met.size <= this.#max && now - met.at < this.#forMs) return;
      this.#met.delete(name);
    }
  }
}
