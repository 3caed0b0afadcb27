import { compareDistance, type Id } from '@banyan/ids';
import type { Applications } from '@banyan/overlay';
import type { Judge } from './lookup-oracle.ts';
import type { NodeFactory } from './node-factory.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';

/** Nodes on each side of a key that may all be without a lease at once. */
const NEARER_MAX = 8;

/**
 * Who may deliver where ways may be cut for longer than a lease: a ready node whose leases have run out delivers nothing until
 * it has new ones, so the nearest of those that hold theirs is right, once its own promise to the other is over. Two
 * nodes that may both deliver a key are never right at the same instant.
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
    return nearer.length < NEARER_MAX && nearer.every((id) => !this.#isLeased(id));
  }

  // By its own clock.
  #isLeased(id: Id): boolean {
    const { world } = this.#simulation;
    const until = this.#factory.routing(id)?.leasedUntil();
    return until !== undefined && until > world.timeAt(this.#simulation.hostOf(id));
  }
}
