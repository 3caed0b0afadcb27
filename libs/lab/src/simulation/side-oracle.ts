import type { Id } from '@banyan/ids';
import type { Applications } from '@banyan/overlay';
import type { Host } from '@banyan/simulator';
import type { Judge } from './lookup-oracle.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';
import { RingOracle } from './ring-oracle.ts';

/**
 * Who may deliver in a world that may be split. While it is, and until its rings have become one again, each side's own
 * root is right there; otherwise only the root of the one ring.
 */
export class SideOracle<A extends Applications> implements Judge {
  readonly #simulation: OverlaySimulation<A>;
  #sides: readonly RingOracle[] = [];
  readonly #sideOf = new Map<Id, RingOracle>();

  constructor(simulation: OverlaySimulation<A>) {
    this.#simulation = simulation;
    simulation.observe({
      ready: (host) => this.#sideOf.get(simulation.idOf(host))?.add(simulation.idOf(host)),
      unready: (host) => this.#sideOf.get(simulation.idOf(host))?.delete(simulation.idOf(host)),
    });
  }

  /** True from `split` to `merged`. */
  get isSplit(): boolean {
    return this.#sides.length > 0;
  }

  split(sides: readonly (readonly Host[])[]): void {
    const { ring } = this.#simulation;
    this.#sideOf.clear();
    this.#sides = sides.map((hosts) => {
      const side = new RingOracle();
      for (const id of hosts.map((host) => this.#simulation.idOf(host))) {
        this.#sideOf.set(id, side);
        if (ring.has(id)) side.add(id);
      }
      return side;
    });
  }

  /** The rings are one again. */
  merged(): void {
    this.#sides = [];
    this.#sideOf.clear();
  }

  rootOf(key: Id): Id | undefined {
    return this.#simulation.ring.rootOf(key);
  }

  isRoot(node: Id, key: Id): boolean {
    return this.#simulation.ring.isRoot(node, key) || this.#sideOf.get(node)?.isRoot(node, key) === true;
  }

  /** True when every node of each side has its two neighbors of that side among its leaves. */
  stand(leavesOf: (id: Id) => readonly Id[]): boolean {
    return this.#sides.every((side) => side.members().every((id) => hasNeighbors(side, id, leavesOf(id))));
  }
}

/** True when the two neighbors of a node on the ring are among its leaves. */
export function hasNeighbors(ring: RingOracle, id: Id, leaves: readonly Id[]): boolean {
  const { up, down } = ring.neighbors(id, 1);
  return [...up, ...down].every((neighbor) => leaves.includes(neighbor));
}
