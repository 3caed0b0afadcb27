import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import type { FailedLife } from './messages.ts';

interface Entry {
  readonly incarnation: number;
  readonly until: Millis;
}

/**
 * Lives of nodes remembered for a fixed time: the dead, the unreachable. An entry stands for its incarnation and every
 * older one; a newer life is not in the set. At `max` entries the oldest goes.
 */
export class LifeSet {
  readonly #entries = new Map<Id, Entry>();
  readonly #forMs: Millis;
  readonly #max: number;

  constructor(bounds: { readonly forMs: Millis; readonly max: number }) {
    this.#forMs = bounds.forMs;
    this.#max = bounds.max;
  }

  get size(): number {
    return this.#entries.size;
  }

  add(now: Millis, life: NodeHandle): void {
    this.#entries.delete(life.id);
    this.#entries.set(life.id, { incarnation: life.incarnation, until: now + this.#forMs });
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= this.#max) break;
      this.#entries.delete(id);
    }
  }

  has(now: Millis, life: FailedLife): boolean {
    if (this.#entries.size === 0) return false;
    const entry = this.#entries.get(life.id);
    if (entry === undefined || life.incarnation > entry.incarnation) return false;
    if (entry.until > now) return true;
    this.#entries.delete(life.id);
    return false;
  }

  /** True when it was put in within the last `ms`. */
  hasSince(now: Millis, life: FailedLife, ms: Millis): boolean {
    return this.has(now, life) && (this.#entries.get(life.id)?.until ?? 0) - this.#forMs > now - ms;
  }

  /** True when it was there. */
  delete(id: Id): boolean {
    return this.#entries.size > 0 && this.#entries.delete(id);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** At most `max` of the newest entries among those asked for that still stand, newest first. */
  newest(now: Millis, max: number, isAskedFor: (id: Id) => boolean): readonly FailedLife[] {
    if (this.#entries.size === 0) return NONE;
    const standing: FailedLife[] = [];
    for (const [id, entry] of this.#entries) {
      if (entry.until > now && isAskedFor(id)) standing.push({ id, incarnation: entry.incarnation });
    }
    return standing.reverse().slice(0, max);
  }

  state(now: Millis): Json {
    return [...this.#entries].map(([id, entry]) => ({ life: `${id}@${entry.incarnation}`, forMs: entry.until - now }));
  }
}

const NONE: readonly FailedLife[] = [];
