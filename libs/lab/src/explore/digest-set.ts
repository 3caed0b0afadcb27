const FIRST_SLOTS = 1 << 16;
const FULL_SHARE = 0.7;

/**
 * A set of 64-bit digests in two typed arrays, open addressing: 8 bytes a slot, at most 16 a digest right after it has grown.
 * The digest of two zero words marks an empty slot and is taken for (0, 1).
 */
export class DigestSet {
  #high = new Uint32Array(FIRST_SLOTS);
  #low = new Uint32Array(FIRST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** True when it was not in. */
  add(high: number, low: number): boolean {
    if (this.#size >= this.#high.length * FULL_SHARE) this.#grow();
    const added = put(this.#high, this.#low, high >>> 0, (high | low) === 0 ? 1 : low >>> 0);
    if (added) this.#size += 1;
    return added;
  }

  #grow(): void {
    const [oldHigh, oldLow] = [this.#high, this.#low];
    this.#high = new Uint32Array(oldHigh.length * 2);
    this.#low = new Uint32Array(oldLow.length * 2);
    for (let i = 0; i < oldHigh.length; i++) {
      const [high = 0, low = 0] = [oldHigh[i], oldLow[i]];
      if ((high | low) !== 0) put(this.#high, this.#low, high, low);
    }
  }
}

function put(highs: Uint32Array, lows: Uint32Array, high: number, low: number): boolean {
  const mask = highs.length - 1;
  for (let at = (low ^ (high * 0x9e3779b1)) & mask; ; at = (at + 1) & mask) {
    if (highs[at] === high && lows[at] === low) return false;
    if (highs[at] !== 0 || lows[at] !== 0) continue;
    highs[at] = high;
    lows[at] = low;
    return true;
  }
}
