import type { Applications } from '@banyan/overlay';
import type { NodeFactory } from './node-factory.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';
import { RingOracle } from './ring-oracle.ts';

/** All `living` nodes are ready, and each takes its true ring neighbors for the nearest on either side. */
export function isWholeRing<A extends Applications>({ ring }: OverlaySimulation<A>, factory: NodeFactory<A>, living: number): boolean {
  return ring.size === living && ring.members().every((id) => {
    const known = new RingOracle();
    for (const leaf of factory.routing(id)?.view.leaves() ?? []) known.add(leaf.id);
    const [seen, truth] = [known.neighbors(id, 1), ring.neighbors(id, 1)];
    return seen.up[0] === truth.up[0] && seen.down[0] === truth.down[0];
  });
}
