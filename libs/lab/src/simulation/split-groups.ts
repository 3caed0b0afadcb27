import { randomId } from '@banyan/ids';
import type { DeliveryClass } from '@banyan/multicast';
import type { Millis } from '@banyan/sansio';
import { GroupLoad } from './group-load.ts';
import { labGroup, type GroupApplications } from './group-setup.ts';
import type { NodeFactory } from './node-factory.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';

const CLASSES: readonly DeliveryClass[] = ['reliable', 'ordered'];
const MEMBERS = 10;
const PUBLISHERS = 2;
const PUBLISH_PERIOD_MS: Millis = 2_000;
const READERS_APART = 1_000_000;

export type SplitGroupsVerdict = {
  /** Of each class. */
  readonly groups: number;
  readonly receipted: number;
  readonly delivered: number;
  /** Sentences about what was promised and did not hold, or is not one tree in the end. */
  readonly complaints: readonly string[];
};

/** Reliable and ordered groups, as many of each, with members and publishers on whatever side chance puts them. */
export class SplitGroups {
  readonly #loads: readonly GroupLoad[];

  constructor({ simulation, nodes, count }: { readonly simulation: OverlaySimulation<GroupApplications>; readonly nodes: NodeFactory<GroupApplications>; readonly count: number }) {
    const rng = simulation.rng.fork();
    const { hosts } = simulation.world.network.topology;
    this.#loads = Array.from({ length: count * CLASSES.length }, (_, i) => {
      const members = rng.shuffle(Array.from({ length: hosts }, (__, host) => host)).slice(0, MEMBERS);
      const descriptor = labGroup(randomId(rng), `group-${i + 1}`, CLASSES[i % CLASSES.length] ?? 'reliable');
      return new GroupLoad({ simulation, nodes, descriptor, members, publishers: PUBLISHERS, firstReader: (i + 1) * READERS_APART });
    });
  }

  open(): void {
    for (const load of this.#loads) load.open();
  }

  publish(until: Millis): void {
    for (const load of this.#loads) load.publish(PUBLISH_PERIOD_MS, until);
  }

  /** To be asked once nothing is published any more and all had time to catch up. */
  verdict(): SplitGroupsVerdict {
    return {
      groups: this.#loads.length / CLASSES.length,
      receipted: this.#loads.reduce((total, { oracle }) => total + oracle.receipted, 0),
      delivered: this.#loads.reduce((total, { delivered }) => total + delivered, 0),
      complaints: this.#loads.flatMap((load) => [...load.complaints, ...load.tree.complaints, ...load.unfinished()]),
    };
  }
}
