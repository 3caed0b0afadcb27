import type { Applications } from '@banyan/overlay';
import type { Millis } from '@banyan/sansio';
import type { OverlaySimulation } from './overlay-simulation.ts';

/** How many nodes were ready, over time, and who came and went; from its making on. */
export class RingCensus<A extends Applications> {
  readonly #simulation: OverlaySimulation<A>;
  readonly #since: Millis;
  #seconds = 0;
  #countedTo: Millis;
  #size: number;
  #min: number;
  #max: number;
  #joins = 0;
  #crashes = 0;
  #arrivals = 0;

  constructor(simulation: OverlaySimulation<A>) {
    this.#simulation = simulation;
    this.#since = this.#countedTo = simulation.world.now;
    this.#size = this.#min = this.#max = simulation.ring.size;
    simulation.observe({
      started: () => (this.#arrivals += 1),
      ready: () => {
        this.#joins += 1;
        this.#changed();
      },
      unready: () => this.#changed(),
      crashed: () => (this.#crashes += 1),
    });
  }

  /** Ready nodes times seconds. */
  get nodeSeconds(): number {
    this.#changed();
    return this.#seconds;
  }

  figures(): RingFigures {
    const nodeSeconds = this.nodeSeconds;
    const mean = nodeSeconds / ((this.#countedTo - this.#since) / 1_000);
    return { activeNodes: { mean: Math.round(mean * 10) / 10, min: this.#min, max: this.#max }, arrivals: this.#arrivals, joins: this.#joins, crashes: this.#crashes };
  }

  #changed(): void {
    const { world, ring } = this.#simulation;
    this.#seconds += (this.#size * (world.now - this.#countedTo)) / 1_000;
    this.#countedTo = world.now;
    this.#size = ring.size;
    this.#min = Math.min(this.#min, this.#size);
    this.#max = Math.max(this.#max, this.#size);
  }
}

export type RingFigures = {
  readonly activeNodes: { readonly mean: number; readonly min: number; readonly max: number };
  /** Hosts that came; of these `joins` became ready. */
  readonly arrivals: number;
  /** Nodes that became ready, also those that had stepped back. */
  readonly joins: number;
  readonly crashes: number;
};
