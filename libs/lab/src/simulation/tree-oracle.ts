import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { findCycle, type Multicast } from '@banyan/multicast';
import type { Millis } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';
import type { GroupApplications } from './group-setup.ts';
import type { NodeFactory } from './node-factory.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';

const COMPLAINTS_MAX = 20;

/** Watches the parent pointers of one group's tree after every event: they must never form a cycle. */
export class TreeOracle {
  readonly complaints: string[] = [];
  readonly #simulation: OverlaySimulation<GroupApplications>;
  readonly #nodes: NodeFactory<GroupApplications>;
  readonly #group: Id;
  /** The lives that run, by host, with the pointer looked at last. */
  readonly #lives: ({ readonly node: string; readonly multicast: Multicast; parent: NodeHandle | undefined } | undefined)[] = [];
  /** Parent of each live node that has one, by life. */
  readonly #parents = new Map<Host, { readonly node: string; readonly parent: string }>();

  constructor({ simulation, nodes, group }: { readonly simulation: OverlaySimulation<GroupApplications>; readonly nodes: NodeFactory<GroupApplications>; readonly group: Id }) {
    this.#simulation = simulation;
    this.#nodes = nodes;
    this.#group = group;
    simulation.observe({
      step: (now, host) => this.#look(now, host),
      started: (_now, host) => this.#begun(host),
      crashed: (_now, host) => this.#gone(host),
      ended: (_now, host) => this.#gone(host),
    });
    for (let host = 0; host < simulation.world.network.topology.hosts; host++) this.#begun(host);
  }

  /** What is not one tree, once faults have stopped: sentences about roots and orphans. */
  unsettled(): readonly string[] {
    const pictures = this.#simulation.ring.members().flatMap((id) => this.#nodes.applications(id)?.multicast.describe(this.#group) ?? []);
    const roots = pictures.filter(({ role }) => role === 'root').length;
    const orphans = pictures.filter(({ role }) => role === 'orphan').length;
    return [...(roots === 1 ? [] : [`the tree has ${roots} roots`]), ...(orphans === 0 ? [] : [`the tree has ${orphans} orphans`])];
  }

  #begun(host: Host): void {
    const self = this.#simulation.handle(host);
    const multicast = self === undefined ? undefined : this.#nodes.applications(self.id)?.multicast;
    this.#lives[host] = self === undefined || multicast === undefined ? undefined : { node: lifeOf(self), multicast, parent: undefined };
  }

  #gone(host: Host): void {
    this.#lives[host] = undefined;
    this.#parents.delete(host);
  }

  // Only a new pointer can close a cycle, so the whole tree is looked at only then.
  #look(now: Millis, host: Host): void {
    const life = this.#lives[host];
    const parent = life?.multicast.parentOf(this.#group);
    if (life === undefined || life.parent === parent) return;
    life.parent = parent;
    if (parent === undefined) {
      this.#parents.delete(host);
      return;
    }
    this.#parents.set(host, { node: life.node, parent: lifeOf(parent) });
    const cycle = findCycle(this.#parents.values());
    if (cycle !== undefined && this.complaints.length < COMPLAINTS_MAX) this.complaints.push(`a cycle at ${Math.round(now)} ms: ${cycle.join(' > ')}`);
  }
}

function lifeOf({ id, incarnation }: NodeHandle): string {
  return `${id}@${incarnation}`;
}
