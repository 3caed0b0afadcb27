/** Told the state of the service now and after every change. */
export type ReadinessWatcher = (isReady: boolean) => void;

/**
 * What a service waits for before it is of use, by name: the one truth behind /readyz, /startupz, gRPC health and the
 * gauge. Ready: every condition holds and it is not stopping. Started: it was ready once.
 */
export class Readiness {
  readonly #conditions = new Map<string, boolean>();
  readonly #watchers = new Set<ReadinessWatcher>();
  #isStopping = false;
  #hasStarted = false;

  get isReady(): boolean {
    return !this.#isStopping && [...this.#conditions.values()].every((holds) => holds);
  }

  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Every condition and whether it holds. */
  get conditions(): Readonly<Record<string, boolean>> {
    return Object.fromEntries(this.#conditions);
  }

  /** Says whether a condition holds; a new name adds one. */
  set(condition: string, holds: boolean): void {
    if (this.#conditions.get(condition) === holds) return;
    this.#conditions.set(condition, holds);
    this.#tell();
  }

  /** From now on not ready, whatever holds. */
  beginStop(): void {
    this.#isStopping = true;
    this.#tell();
  }

  /** Calls `watcher` at once and after every change. */
  watch(watcher: ReadinessWatcher): void {
    this.#watchers.add(watcher);
    watcher(this.isReady);
  }

  #tell(): void {
    if (this.isReady) this.#hasStarted = true;
    for (const watcher of this.#watchers) watcher(this.isReady);
  }
}
