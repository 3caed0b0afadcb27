import { idFromBigInt, idToBigInt, randomId, type Id } from '@banyan/ids';
import type { Applications } from '@banyan/overlay';
import type { NodeFactory } from './node-factory.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';

const RANDOM_KEYS = 1_000;
const RING = 2n ** 128n;

/** Counts, for many keys, how many nodes would deliver each: every id, the middle between any two neighbors, and random keys. */
export class OwnerCount<A extends Applications> {
  /** Keys with more than one owner, over all looks. */
  withTwo = 0;
  /** Keys with no owner, at the latest look. */
  withoutNow = 0;
  audited = 0;
  readonly #simulation: OverlaySimulation<A>;
  readonly #nodes: NodeFactory<A>;
  readonly #keys: readonly Id[];

  constructor({ simulation, nodes }: { readonly simulation: OverlaySimulation<A>; readonly nodes: NodeFactory<A> }) {
    this.#simulation = simulation;
    this.#nodes = nodes;
    const ids = simulation.ring.members();
    const middles = ids.map((id, at) => middle(id, ids[(at + 1) % ids.length] ?? id));
    this.#keys = [...ids, ...middles, ...Array.from({ length: RANDOM_KEYS }, () => randomId(simulation.rng))];
  }

  /** One look at every key, now; `reach`: as many nodes next to the key are asked on either side. */
  look(reach: number): void {
    const { ring } = this.#simulation;
    this.withoutNow = 0;
    for (const key of this.#keys) {
      const { up, down } = ring.neighbors(key, reach);
      const asked = new Set(ring.has(key) ? [key, ...up, ...down] : [...up, ...down]);
      let owners = 0;
      for (const id of asked) if (this.#nodes.routing(id)?.owns(this.#simulation.world.now, key) === true) owners += 1;
      this.audited += 1;
      if (owners > 1) this.withTwo += 1;
      if (owners === 0) this.withoutNow += 1;
    }
  }
}

function middle(low: Id, high: Id): Id {
  const from = idToBigInt(low);
  return idFromBigInt(from + ((idToBigInt(high) - from + RING) % RING) / 2n);
}
