/**
 * What a run did, as lines: the last ones kept for reading, all of them in a running digest.
 * Two runs with equal digests did the same. Not for security. Source: FNV-1a, twice with different offsets.
 */
export class Trace {
  readonly #linesMax: number;
  readonly #lines: string[] = [];
  #next = 0;
  #count = 0;
  #low = 0x811c9dc5;
  #high = 0x050c5d1f;

  /** Keeps the last `linesMax` lines. */
  constructor(linesMax = 64) {
    this.#linesMax = linesMax;
  }

  /** Lines recorded so far. */
  get count(): number {
    return this.#count;
  }

  record(line: string): void {
    let low = this.#low;
    let high = this.#high;
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high ^ (code + i), 0x01000193);
    }
    // A line's end counts too, so that lines cannot be glued differently to the same digest.
    this.#low = Math.imul(low ^ 0x0a, 0x01000193);
    this.#high = Math.imul(high ^ line.length, 0x01000193);
    this.#count += 1;
    if (this.#linesMax === 0) return;
    this.#lines[this.#next] = line;
    this.#next = (this.#next + 1) % this.#linesMax;
  }

  /** 16 hex digits over every line so far. */
  digest(): string {
    return hex32(this.#high) + hex32(this.#low);
  }

  /** The last lines, oldest first. */
  tail(): readonly string[] {
    return [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)];
  }
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
