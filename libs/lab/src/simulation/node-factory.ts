import type { DigitBits, Id } from '@banyan/ids';
import type { NodeHandle, RoutingView } from '@banyan/kbr';
import { OverlayNode, type Applications } from '@banyan/overlay';
import { DEFAULT_PASTRY_CONFIG, fillTables, PastryNode, type PastryConfig } from '@banyan/pastry';
import type { Rng } from '@banyan/sansio';
import type { NodeMaker, OverlaySimulation } from './overlay-simulation.ts';

/** Candidates looked at per slot when tables are filled directly: near to the best, and linear in the ring. */
const CANDIDATES_MAX = 16;

export interface NodeFactoryOptions<A extends Applications> {
  readonly leafSet: number;
  readonly digitBits: DigitBits;
  /** Figures of a Pastry node that differ from the defaults. */
  readonly config?: Partial<PastryConfig>;
  readonly applications: (view: RoutingView, rng: Rng) => A;
}

/** Makes overlay nodes over Pastry, and remembers the machines inside each node's present life, for oracles to look at. */
export class NodeFactory<A extends Applications> {
  readonly #config: PastryConfig;
  readonly #makeApplications: NodeFactoryOptions<A>['applications'];
  readonly #inside = new Map<Id, { readonly routing: PastryNode; readonly applications: A }>();

  constructor({ leafSet, digitBits, config, applications }: NodeFactoryOptions<A>) {
    this.#config = { ...DEFAULT_PASTRY_CONFIG, ...config, leafSetSize: leafSet, digitBits };
    this.#makeApplications = applications;
  }

  readonly make: NodeMaker<A> = (self, rng) => this.#assemble(new PastryNode({ self, rng, config: this.#config }), rng);

  /** The routing machine of a node that has lived; its last one if it is dead. */
  routing(id: Id): PastryNode | undefined {
    return this.#inside.get(id)?.routing;
  }

  /** The applications of a node that has lived; its last ones if it is dead. */
  applications(id: Id): A | undefined {
    return this.#inside.get(id)?.applications;
  }

  /** Lets go of the machines of a node that will not be looked at again. */
  forget(id: Id): void {
    this.#inside.delete(id);
  }

  /** Places every host of a simulation as a member of a ring that stands, its tables filled from the truth. */
  fillDirectly(simulation: OverlaySimulation<A>): void {
    const { world } = simulation;
    const proximityMs = (a: NodeHandle, b: NodeHandle): number => 2 * world.network.topology.latencyMs(simulation.hostOf(a.id), simulation.hostOf(b.id));
    simulation.placeAll(({ self, rng, ring, index }) => {
      const filled = fillTables({ self, ring, index, proximityMs, config: this.#config, candidatesMax: CANDIDATES_MAX, rng });
      return this.#assemble(PastryNode.member(world.now, { self, rng, config: this.#config }, filled), rng);
    });
  }

  #assemble(routing: PastryNode, rng: Rng): OverlayNode<A> {
    const applications = this.#makeApplications(routing.view, rng.fork());
    this.#inside.set(routing.view.self.id, { routing, applications });
    return new OverlayNode<A>(routing, applications);
  }
}
