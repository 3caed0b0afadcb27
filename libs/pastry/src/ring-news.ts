import type { Id } from '@banyan/ids';
import type { FailedLife } from '@banyan/peers';
import type { Json, Millis } from '@banyan/sansio';

/** Deaths kept for one neighbor until it has them; at the bound the oldest goes, and leaf-set exchanges tell it. */
const NEWS_MAX = 32;

interface Item {
  readonly life: FailedLife;
  /** Of the first heartbeat that carried it. */
  sentAt: Millis | undefined;
}

/** Deaths that one ring neighbor is to be told of: in every heartbeat until one that carried them is acknowledged. */
export class RingNews {
  readonly #items = new Map<Id, Item>();
  /** Lives of which the neighbor itself has told us. */
  readonly #known = new Map<Id, number>();

  get size(): number {
    return this.#items.size;
  }

  add(life: FailedLife): void {
    if ((this.#known.get(life.id) ?? -1) >= life.incarnation) return;
    this.#items.set(life.id, { life: { id: life.id, incarnation: life.incarnation }, sentAt: undefined });
    for (const oldest of this.#items.keys()) {
      if (this.#items.size <= NEWS_MAX) break;
      this.#items.delete(oldest);
    }
  }

  /** What a heartbeat sent now carries. */
  take(now: Millis): readonly FailedLife[] {
    if (this.#items.size === 0) return NONE;
    for (const item of this.#items.values()) item.sentAt ??= now;
    return Array.from(this.#items.values(), ({ life }) => life);
  }

  /** The neighbor has the heartbeat of this time, and so every item that it carried. */
  acknowledged(sentAt: Millis): void {
    for (const [id, item] of this.#items) if (item.sentAt !== undefined && item.sentAt <= sentAt) this.#items.delete(id);
  }

  /** The neighbor has told us this itself. */
  heard(life: FailedLife): void {
    this.#items.delete(life.id);
    this.#known.set(life.id, life.incarnation);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= NEWS_MAX) break;
      this.#known.delete(oldest);
    }
  }

  state(now: Millis): Json {
    return {
      items: [...this.#items.values()].map(({ life, sentAt }) => ({ life: `${life.id}@${life.incarnation}`, sentMs: sentAt === undefined ? null : sentAt - now })),
      known: [...this.#known].map(([id, incarnation]) => `${id}@${incarnation}`),
    };
  }
}

const NONE: readonly FailedLife[] = [];
