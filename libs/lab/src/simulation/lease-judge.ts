import { compareDistance, type Id } from '@banyan/ids';
import type { Applications } from '@banyan/overlay';
import type { Judge } from './lookup-oracle.ts';
import type { NodeFactory } from './node-factory.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';

/** Nodes on each side of a key that may all be kept from it at once. */
const NEARER_MAX = 8;

/**
 * Who may deliver a key where nodes pause and ways are cut for longer than a lease: the nearest ready node that no missing lease of
 * its own, and no promise to another, keeps from it. Of two nodes that may both deliver a key at the same instant only
 * the nearer one is right.
 */
export class LeaseJudge<A extends Applications> implements Judge {
  readonly #simulation: OverlaySimulation<A>;
  readonly #factory: NodeFactory<A>;

  constructor(simulation: OverlaySimulation<A>, factory: NodeFactory<A>) {
    this.#simulation = simulation;
    this.#factory = factory;
  }

  rootOf(key: Id): Id | undefined {
    return this.#simulation.ring.rootOf(key);
  }

  isRoot(node: Id, key: Id): boolean {
    const { ring } = this.#simulation;
    if (ring.isRoot(node, key)) return true;
    if (!ring.has(node)) return false;
    const { up, down } = ring.neighbors(key, NEARER_MAX);
    const nearer = [...up, ...down].filter((id) => compareDistance(key, id, node) < 0);
    return nearer.length < NEARER_MAX && !nearer.some((id) => this.#mayDeliver(id, key));
  }

  // By its own clock.
  #mayDeliver(id: Id, key: Id): boolean {
    const { world } = this.#simulation;
    return this.#factory.routing(id)?.mayDeliver(world.timeAt(this.#simulation.hostOf(id)), key) === true;
  }
}
