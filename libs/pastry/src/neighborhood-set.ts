import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';

interface Neighbor {
  readonly handle: NodeHandle;
  readonly proximityMs: Millis;
}

/**
 * M: the nodes nearest to us by measured round-trip time. Not used to route, except in the rare case; it gives a newcomer
 * that joins through us its first neighbors. Pure data.
 * Source: Rowstron & Druschel 2001, §2.1.
 */
export class NeighborhoodSet {
  readonly #max: number;
  /** Nearest first. */
  #neighbors: Neighbor[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#neighbors.length;
  }

  has(id: Id): boolean {
    return this.#neighbors.some((neighbor) => neighbor.handle.id === id);
  }

  /** True when a node at that distance would be kept. */
  wants(proximityMs: Millis): boolean {
    const farthest = this.#neighbors[this.#neighbors.length - 1];
    return farthest === undefined || this.#neighbors.length < this.#max || proximityMs < farthest.proximityMs;
  }

  /** Takes the node in, or its new distance, if it is among the nearest. */
  offer(handle: NodeHandle, proximityMs: Millis): void {
    if (!this.wants(proximityMs)) return;
    this.remove(handle.id);
    let at = this.#neighbors.length;
    while (at > 0 && (this.#neighbors[at - 1]?.proximityMs ?? 0) > proximityMs) at--;
    this.#neighbors.splice(at, 0, { handle, proximityMs });
    if (this.#neighbors.length > this.#max) this.#neighbors.pop();
  }

  remove(id: Id): void {
    const at = this.#neighbors.findIndex((neighbor) => neighbor.handle.id === id);
    if (at >= 0) this.#neighbors.splice(at, 1);
  }

  /** How far away the members are, in their order. */
  distances(): readonly Millis[] {
    return this.#neighbors.map(({ proximityMs }) => proximityMs);
  }

  /** Nearest first. */
  members(): readonly NodeHandle[] {
    return this.#neighbors.map((neighbor) => neighbor.handle);
  }
}
