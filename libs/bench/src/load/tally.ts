/** What one subscriber got of one phase. */
export class Tally {
  readonly #isSeen: Uint8Array;
  readonly #latenciesMs: Float64Array;
  #received = 0;
  #duplicates = 0;
  #reordered = 0;
  #lastIndex = -1;

  /** For `count` messages with the indexes 0 to count − 1. */
  constructor(count: number) {
    this.#isSeen = new Uint8Array(count);
    this.#latenciesMs = new Float64Array(count);
  }

  /** Counts a message; false when it had come before. */
  add(index: number, latencyMs: number): boolean {
    if (this.#isSeen[index] === 1) {
      this.#duplicates += 1;
      return false;
    }
    this.#isSeen[index] = 1;
    this.#latenciesMs[this.#received] = latencyMs;
    this.#received += 1;
    if (index < this.#lastIndex) this.#reordered += 1;
    this.#lastIndex = index;
    return true;
  }

  /** Different messages so far. */
  get received(): number {
    return this.#received;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  /** Messages that came after one with a higher index. */
  get reordered(): number {
    return this.#reordered;
  }

  get isComplete(): boolean {
    return this.#received === this.#isSeen.length;
  }

  /** In the order they came, ms. */
  get latenciesMs(): Float64Array {
    return this.#latenciesMs.subarray(0, this.#received);
  }
}
