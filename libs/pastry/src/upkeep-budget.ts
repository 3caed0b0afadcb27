import type { Json, Millis } from '@banyan/sansio';

/** A message as it goes over the wire, without lists: frame, headers of the link, the sender's own fields. */
const MESSAGE_BYTES = 100;
/** One handle in a list, with the place that goes along. */
const HANDLE_BYTES = 100;

export interface UpkeepBudgetConfig {
  /** What a node spends on upkeep in a second, on average, bytes sent and asked for. */
  readonly upkeepBytesPerSecond: number;
  /** What it may spend at once after a quiet time: so many seconds of it. */
  readonly upkeepBurstSeconds: number;
}

/**
 * What routine upkeep may cost a node: exchanges of leaf sets and rows, and the sweep of the table, wait or are left out where
 * it is spent. Repair is not upkeep: holes are filled whatever they cost.
 * Source: Rhea et al. 2004, §4 (recovery within a fixed bandwidth, so that it never makes congestion worse).
 */
export class UpkeepBudget {
  readonly #perMs: number;
  readonly #burst: number;
  #left: number;
  #countedAt: Millis = 0;

  constructor({ upkeepBytesPerSecond, upkeepBurstSeconds }: UpkeepBudgetConfig) {
    this.#perMs = upkeepBytesPerSecond / 1_000;
    this.#burst = upkeepBytesPerSecond * upkeepBurstSeconds;
    this.#left = this.#burst;
  }

  /** Spends what a question and its answer cost that list so many handles, both together; false, and nothing spent, when that is too much now. */
  spend(now: Millis, handles: number): boolean {
    this.#left = this.#leftAt(now);
    this.#countedAt = now;
    const bytes = 2 * MESSAGE_BYTES + handles * HANDLE_BYTES;
    // Whatever its size, it may take place once in a while.
    if (bytes > this.#left && this.#left < this.#burst) return false;
    this.#left -= bytes;
    return true;
  }

  state(now: Millis): Json {
    return this.#leftAt(now);
  }

  #leftAt(now: Millis): number {
    return Math.min(this.#burst, this.#left + Math.max(0, now - this.#countedAt) * this.#perMs);
  }
}
