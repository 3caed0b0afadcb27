import type { Host, Topology } from '@banyan/simulator';
import type { KnownRing } from './known-ring.ts';
import type { Arrival } from './lookup-oracle.ts';

/**
 * Routes over perfect tables: true leaf sets, and in every slot the nearest of all nodes that fit it, by the papers' rule
 * without any choice. What a run with tables that were learnt is held against.
 * Nothing is filled in advance: a route looks only at the one slot each of its nodes uses, so 1,000,000 nodes need no memory.
 */
export class PerfectRoutes {
  readonly #ring: KnownRing;
  readonly #topology: Topology;
  readonly #half: number;

  constructor({ ring, topology, leafSet }: { readonly ring: KnownRing; readonly topology: Topology; readonly leafSet: number }) {
    this.#ring = ring;
    this.#topology = topology;
    this.#half = leafSet / 2;
  }

  /** The way of a lookup for the id of `to`. */
  route(from: Host, to: Host): Arrival {
    const root = this.#ring.placeOfHost(to);
    let at = this.#ring.placeOfHost(from);
    let hops = 0;
    let delayMs = 0;
    while (at !== root) {
      const next = this.nextPlace(at, root);
      delayMs += this.#topology.latencyMs(this.#ring.hostAt(at), this.#ring.hostAt(next));
      hops += 1;
      at = next;
    }
    return { from, at: to, hops, delayMs };
  }

  /** The place of the next hop from one place to another; equal to `root` at the last hop. */
  nextPlace(at: number, root: number): number {
    const ring = this.#ring;
    if (ring.steps(at, root) <= this.#half) return root;
    const key = ring.headAt(root);
    const shared = ring.sharedDigits(ring.headAt(at), key);
    // The slot is never empty: the node that is looked for fits it.
    const slot = ring.sharing(key, shared + 1);
    return this.#nearest(at, slot.low, slot.high);
  }

  #nearest(at: number, low: number, high: number): number {
    const self = this.#ring.hostAt(at);
    let best = low;
    let bestMs = Infinity;
    for (let place = low; place < high; place++) {
      const ms = this.#topology.latencyMs(self, this.#ring.hostAt(place));
      if (ms >= bestMs) continue;
      best = place;
      bestMs = ms;
    }
    return best;
  }
}
