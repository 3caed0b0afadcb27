import type { DigitBits, Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { OverlayNode } from '@banyan/overlay';
import { DEFAULT_PASTRY_CONFIG, fillTables, PastryNode, type PastryConfig } from '@banyan/pastry';
import type { NodeMaker, OverlaySimulation } from './overlay-simulation.ts';
import { Probe, type ProbeApplications } from './probe.ts';

/** Candidates looked at per slot when tables are filled directly: near to the best, and linear in the ring. */
const CANDIDATES_MAX = 16;

/** Makes nodes that route and probe, and remembers the routing machine of each node's present life. */
export class ProbeNodes {
  readonly #config: PastryConfig;
  readonly #routing = new Map<Id, PastryNode>();

  constructor({ leafSet, digitBits }: { readonly leafSet: number; readonly digitBits: DigitBits }) {
    this.#config = { ...DEFAULT_PASTRY_CONFIG, leafSetSize: leafSet, digitBits };
  }

  readonly make: NodeMaker<ProbeApplications> = (self, rng) => this.#assemble(new PastryNode({ self, rng, config: this.#config }));

  /** The routing machine of a node that has lived. */
  routing(id: Id): PastryNode | undefined {
    return this.#routing.get(id);
  }

  /** Places every host of a simulation as a member of a ring that stands, its tables filled from the truth. */
  fillDirectly(simulation: OverlaySimulation<ProbeApplications>): void {
    const { world } = simulation;
    const proximityMs = (a: NodeHandle, b: NodeHandle): number => 2 * world.network.topology.latencyMs(simulation.hostOf(a.id), simulation.hostOf(b.id));
    simulation.placeAll(({ self, rng, ring, index }) => {
      const filled = fillTables({ self, ring, index, proximityMs, config: this.#config, candidatesMax: CANDIDATES_MAX, rng });
      return this.#assemble(PastryNode.member(world.now, { self, rng, config: this.#config }, filled));
    });
  }

  #assemble(routing: PastryNode): OverlayNode<ProbeApplications> {
    this.#routing.set(routing.view.self.id, routing);
    return new OverlayNode<ProbeApplications>(routing, { probe: new Probe() });
  }
}
