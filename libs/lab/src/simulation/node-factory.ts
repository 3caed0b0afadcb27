import type { HopNumbers } from '@banyan/hop-delivery';
import type { DigitBits, Id } from '@banyan/ids';
import type { NodeHandle, RoutingView } from '@banyan/kbr';
import { OverlayNode, type Applications, type OverlayEffect, type OverlayInput } from '@banyan/overlay';
import { DEFAULT_PASTRY_CONFIG, fillTables, PastryNode, type FilledTables, type PastryConfig } from '@banyan/pastry';
import { seededRng, type Rng } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';
import { KnownRing } from './known-ring.ts';
import type { NodeMaker, OverlaySimulation } from './overlay-simulation.ts';
import { StillMembers } from './still-members.ts';

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
    const { world, rng } = simulation;
    const tablesOf = this.#fillers(simulation);
    simulation.placeAll((self, host) => {
      const deps = { self, rng: rng.fork(), config: this.#config };
      return this.#assemble(PastryNode.member(world.now, deps, tablesOf(host, deps.rng)), deps.rng);
    });
  }

  /**
   * The same for a ring in which nothing is to happen but lookups: nodes do nothing of their own accord, and at most
   * `machinesMax` machines are kept beside those that wait for something. A machine that is made again has the same tables and
   * goes on with the same numbers; what it had heard and measured is gone.
   */
  standStill(simulation: OverlaySimulation<A>, machinesMax: number): StillMembers<OverlayInput<A>, OverlayEffect<A>> {
    const tablesOf = this.#fillers(simulation);
    const seed = simulation.rng.below(2 ** 32);
    const selfOf = (host: Host): NodeHandle => simulation.newestHandle(host);
    const next: (HopNumbers | undefined)[] = [];
    const members = new StillMembers<OverlayInput<A>, OverlayEffect<A>>({
      machinesMax,
      make: (host) => {
        const numbers = next[host];
        const rng = seededRng((seed + host) >>> 0);
        const deps = { self: selfOf(host), rng, config: this.#config, ...(numbers === undefined ? {} : { numbers }) };
        return this.#assemble(PastryNode.still(deps, tablesOf(host, rng)), rng);
      },
      forgotten: (host) => {
        const { id } = selfOf(host);
        next[host] = this.routing(id)?.numbers();
        this.forget(id);
      },
    });
    simulation.placeAll((_self, host) => members.at(host));
    return members;
  }

  /** What fills the tables of one node after another of a whole ring. */
  #fillers(simulation: OverlaySimulation<A>): (host: Host, rng: Rng) => FilledTables {
    const { topology } = simulation.world.network;
    const known = new KnownRing(simulation.ids(), this.#config.digitBits);
    const digitAt = (place: number, position: number): number => known.digitAt(place, position);
    const handleAt = (place: number): NodeHandle => simulation.newestHandle(known.hostAt(place));
    return (host, rng) => {
      const proximityMs = (place: number): number => 2 * topology.latencyMs(host, known.hostAt(place));
      const ring = { size: known.size, handleAt, digitAt };
      return fillTables({ ring, index: known.placeOfHost(host), proximityMs, config: this.#config, candidatesMax: CANDIDATES_MAX, rng });
    };
  }

  #assemble(routing: PastryNode, rng: Rng): OverlayNode<A> {
    const applications = this.#makeApplications(routing.view, rng.fork());
    this.#inside.set(routing.view.self.id, { routing, applications });
    return new OverlayNode<A>(routing, applications);
  }
}
