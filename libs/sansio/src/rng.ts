/** A seeded source of chance. Every machine and every experiment is handed its own. */
export interface Rng {
  /** Uniform in [0, 1), with 32 bits of chance. */
  next(): number;
  /** A whole number, uniform in [0, bound). */
  below(bound: number): number;
  /** One member, each equally likely; undefined of an empty list. */
  pick<T>(items: readonly T[]): T | undefined;
  /** A copy in random order. */
  shuffle<T>(items: readonly T[]): T[];
  /** A new generator whose stream is independent of this one's later draws. */
  fork(): Rng;
  /** The generator's whole state, as four 32-bit words. */
  state(): readonly number[];
}

/**
 * A generator seeded by a whole number: the same seed gives the same draws on every machine.
 * Source: xoshiro128** (Blackman & Vigna 2018), its state filled by splitmix32.
 */
export function seededRng(seed: number): Rng {
  let fill = seed >>> 0;
  const splitmix = (): number => {
    fill = (fill + 0x9e3779b9) >>> 0;
    let z = fill;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  return new Xoshiro(splitmix(), splitmix(), splitmix(), splitmix());
}

class Xoshiro implements Rng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(a: number, b: number, c: number, d: number) {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
  }

  next(): number {
    return this.#draw() / 0x1_0000_0000;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)];
  }

  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = out[i] as T;
      out[i] = out[j] as T;
      out[j] = held;
    }
    return out;
  }

  fork(): Rng {
    return seededRng(this.#draw());
  }

  state(): readonly number[] {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  #draw(): number {
    const times5 = Math.imul(this.#b, 5);
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }
}
