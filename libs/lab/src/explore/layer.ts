const FIRST_WORDS = 1 << 16;

/** States of one depth, one after the other in a single array of words: each its number, its length, its words. */
export class Layer {
  #words = new Int32Array(FIRST_WORDS);
  #end = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(number: number, words: readonly number[]): void {
    while (this.#end + words.length + 2 > this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[this.#end] = number;
    this.#words[this.#end + 1] = words.length;
    this.#words.set(words, this.#end + 2);
    this.#end += words.length + 2;
    this.#count += 1;
  }

  *states(): Generator<{ readonly number: number; readonly words: readonly number[] }> {
    for (let at = 0; at < this.#end; ) {
      const length = this.#words[at + 1] ?? 0;
      yield { number: this.#words[at] ?? 0, words: [...this.#words.subarray(at + 2, at + 2 + length)] };
      at += length + 2;
    }
  }
}

/** A list of 32-bit words that grows. */
export class Words32 {
  #words = new Int32Array(FIRST_WORDS);
  #size = 0;

  push(word: number): void {
    if (this.#size === this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[this.#size++] = word;
  }

  at(index: number): number {
    return this.#words[index] ?? -1;
  }
}
