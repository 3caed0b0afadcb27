/** Things that happen later, in the order in which they were handed in: none overtakes another. */
export class DelayLine {
  readonly #waiting: { readonly atMs: number; readonly arrive: () => void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastAtMs = 0;

  /** `arrive` is called `delayMs` from now, or right after what was handed in before it. */
  push(delayMs: number, arrive: () => void): void {
    this.#lastAtMs = Math.max(this.#lastAtMs, performance.now() + delayMs);
    this.#waiting.push({ atMs: this.#lastAtMs, arrive });
    if (this.#timer === undefined) this.#arm();
  }

  /** Drops what waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  // A timer of Node fires up to a millisecond late and never early: what is due within half of one goes with it.
  #arm(): void {
    const next = this.#waiting[0];
    this.#timer = next === undefined ? undefined : setTimeout(() => this.#run(), Math.max(0, next.atMs - performance.now() - HALF_MS));
  }

  #run(): void {
    const now = performance.now() + HALF_MS;
    for (let next = this.#waiting[0]; next !== undefined && next.atMs <= now; next = this.#waiting[0]) {
      this.#waiting.shift();
      next.arrive();
    }
    this.#arm();
  }
}

const HALF_MS = 0.5;
