import { setTimeout as delay } from 'node:timers/promises';

// How far ahead of its rate a sender may be: pauses shorter than a timer's grain would only cost.
const AHEAD_MS = 20;

/** Keeps a sender to a number of bytes per second, over its whole life. */
export class Pacer {
  readonly #bytesPerSecond: number;
  readonly #startedAt = performance.now();
  #bytes = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Counts `bytes` as sent, and waits as long as that is ahead of the rate. */
  async sent(bytes: number): Promise<void> {
    this.#bytes += bytes;
    const dueMs = (this.#bytes / this.#bytesPerSecond) * 1_000;
    const aheadMs = dueMs - (performance.now() - this.#startedAt);
    if (aheadMs > AHEAD_MS) await delay(aheadMs);
  }
}
