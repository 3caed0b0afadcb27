/** Values between a producer that never waits and one reader that takes them one at a time. */
export class BoundedQueue<T> {
  readonly #max: number;
  readonly #values: T[] = [];
  #end: { readonly error: unknown } | 'open' | 'done' = 'open';
  #wake: (() => void) | undefined;
  #onRoom: () => void;

  /** `onRoom` is called when a full queue has room again; what is pushed beyond `max` is kept, but `isFull` asks not to. */
  constructor(max: number, onRoom: () => void) {
    this.#max = max;
    this.#onRoom = onRoom;
  }

  /** True when the producer should rest. */
  get isFull(): boolean {
    return this.#values.length >= this.#max;
  }

  push(value: T): void {
    this.#values.push(value);
    this.#wake?.();
  }

  /** Nothing more comes; with an error the reader gets that after the last value. */
  end(error?: unknown): void {
    if (this.#end !== 'open') return;
    this.#end = error === undefined ? 'done' : { error };
    this.#wake?.();
  }

  /** The values in order. */
  async *read(): AsyncGenerator<T, void, void> {
    for (;;) {
      while (this.#values.length > 0) {
        const wasFull = this.isFull;
        const value = this.#values.shift() as T;
        if (wasFull && !this.isFull) this.#onRoom();
        yield value;
      }
      if (this.#end === 'done') return;
      if (this.#end !== 'open') throw this.#end.error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }
}
