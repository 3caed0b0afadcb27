/** Answers kept by key, at most `max`; at the bound the one not used for longest goes. */
export class BoundedCache<Value> {
  readonly #entries = new Map<string, Value>(); // insertion order = order of last use

  constructor(private readonly max: number) {}

  /** The value kept under `key`, which counts as used now. */
  get(key: string): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.max) this.#dropOldest();
    this.#entries.set(key, value);
  }

  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }

  #dropOldest(): void {
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
