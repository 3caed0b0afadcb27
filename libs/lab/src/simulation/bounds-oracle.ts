import { exceeded } from '@banyan/sansio';
import type { GroupApplications } from './group-setup.ts';
import type { NodeFactory } from './node-factory.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';

/** Looking is slower than a step, so one step in so many is followed by a look at the node that took it. */
const LOOK_EVERY = 32;
const COMPLAINTS_MAX = 20;

/** Watches that no queue or table of any node grows beyond its limit, and that whatever a node gives up it counts, with a reason. */
export class BoundsOracle {
  readonly complaints: string[] = [];
  /** What nodes gave up, by reason. */
  readonly drops: Record<string, number> = {};
  readonly #nodes: NodeFactory<GroupApplications>;
  #steps = 0;

  constructor(simulation: OverlaySimulation<GroupApplications>, nodes: NodeFactory<GroupApplications>) {
    this.#nodes = nodes;
    simulation.observe({
      step: (now, host, _input, effects) => {
        for (const effect of effects) if (effect.type === 'drop') this.#dropped(now, host, effect);
        this.#steps += 1;
        if (this.#steps % LOOK_EVERY === 0) this.#look(now, simulation.idOf(host));
      },
    });
  }

  #dropped(now: number, host: number, { reason, count }: { readonly reason: string; readonly count: number }): void {
    this.drops[reason] = (this.drops[reason] ?? 0) + count;
    if (reason === '' || !(count >= 1)) this.#complain(now, `host ${host} dropped ${count} for '${reason}'`);
  }

  #look(now: number, id: Parameters<NodeFactory<GroupApplications>['routing']>[0]): void {
    const wrong = exceeded(this.#nodes.routing(id)?.bounds() ?? []) ?? exceeded(this.#nodes.applications(id)?.multicast.bounds() ?? []);
    if (wrong !== undefined) this.#complain(now, `${id}: ${wrong}`);
  }

  #complain(now: number, sentence: string): void {
    if (this.complaints.length < COMPLAINTS_MAX) this.complaints.push(`at ${Math.round(now)} ms ${sentence}`);
  }
}
