import type { OverlayError } from '@banyan/grpc';
import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Neighbors, Ongoing } from './contract.ts';

/** What a watcher has not been told yet. */
interface Untold {
  readonly gained: Map<Id, NodeHandle>;
  readonly lost: Map<Id, NodeHandle>;
}

/** What watchers are told of the present. */
export type Present = () => Pick<Neighbors, 'ready' | 'leaves'>;

/**
 * Watchers of the leaf set. Who reads slowly is told less often, not later: changes that he did not read come together,
 * so nothing piles up for him.
 */
export class NeighborWatch {
  readonly #present: Present;
  readonly #watchers = new Set<Watcher>();

  constructor(present: Present) {
    this.#present = present;
  }

  /** See `Overlay.watchNeighbors`. */
  watch(): Ongoing<Neighbors> {
    const watcher = new Watcher(this.#present, () => this.#watchers.delete(watcher));
    this.#watchers.add(watcher);
    return watcher;
  }

  /** The leaf set changed; nothing gained and nothing lost: readiness did. */
  changed(gained: readonly NodeHandle[], lost: readonly NodeHandle[]): void {
    for (const watcher of this.#watchers) watcher.changed(gained, lost);
  }

  /** Every watcher gets the error. */
  failAll(error: OverlayError): void {
    for (const watcher of [...this.#watchers]) watcher.fail(error);
  }
}

class Watcher implements Ongoing<Neighbors> {
  readonly #present: Present;
  readonly #gone: () => void;
  #untold: Untold | undefined = { gained: new Map(), lost: new Map() };
  #ending: { readonly error: OverlayError | undefined } | undefined;
  #wake: (() => void) | undefined;

  constructor(present: Present, gone: () => void) {
    this.#present = present;
    this.#gone = gone;
  }

  changed(gained: readonly NodeHandle[], lost: readonly NodeHandle[]): void {
    this.#untold ??= { gained: new Map(), lost: new Map() };
    for (const node of gained) if (!this.#untold.lost.delete(node.id)) this.#untold.gained.set(node.id, node);
    for (const node of lost) if (!this.#untold.gained.delete(node.id)) this.#untold.lost.set(node.id, node);
    this.#wake?.();
  }

  fail(error: OverlayError): void {
    this.#finish(error);
  }

  close(): void {
    this.#finish(undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Neighbors, void> {
    try {
      for (;;) {
        const neighbors = await this.#next();
        if (neighbors === undefined) return;
        yield neighbors;
      }
    } finally {
      this.close();
    }
  }

  async #next(): Promise<Neighbors | undefined> {
    while (this.#untold === undefined && this.#ending === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    if (this.#ending?.error !== undefined) throw this.#ending.error;
    const untold = this.#untold;
    this.#untold = undefined;
    if (this.#ending !== undefined || untold === undefined) return undefined;
    return { ...this.#present(), gained: [...untold.gained.values()], lost: [...untold.lost.values()] };
  }

  #finish(error: OverlayError | undefined): void {
    if (this.#ending !== undefined) return;
    this.#ending = { error };
    this.#gone();
    this.#wake?.();
  }
}
