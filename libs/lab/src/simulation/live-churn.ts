import type { Applications } from '@banyan/overlay';
import type { Millis } from '@banyan/sansio';
import type { OverlaySimulation } from './overlay-simulation.ts';
import type { Population, Stay } from './population.ts';

const SEEDS = 5;
const RETRY_MS: Millis = 500;

/**
 * Lets hosts come and go as a population does, its time 0 being now, when those present at time 0 run already. They
 * leave by crashing, silently: the world learns of it by missing them. Who comes knows five random ready nodes; while
 * nobody is ready it tries again, and when nobody lives it starts the ring anew.
 */
export function liveChurn<A extends Applications>(simulation: OverlaySimulation<A>, { stays }: Population): void {
  const { world } = simulation;
  const zero = world.now;
  let living = 0;
  const leave = ({ host, until }: Stay): void => {
    if (!Number.isFinite(until)) return;
    world.at(zero + until, () => {
      if (world.machine(host) === undefined) return;
      living -= 1;
      simulation.crash(host, { silent: true });
    });
  };
  const arrive = (stay: Stay): void => {
    if (world.now >= zero + stay.until) return;
    const seeds = simulation.seeds(SEEDS);
    if (seeds.length === 0 && living > 0) {
      world.at(world.now + RETRY_MS, () => arrive(stay));
      return;
    }
    living += 1;
    simulation.start(stay.host, seeds);
    leave(stay);
  };
  for (const stay of stays.filter(({ from }) => from === 0)) {
    living += 1;
    leave(stay);
  }
  const later = stays.filter(({ from }) => from > 0);
  // One arrival in the queue at a time: a trace may have millions.
  const next = (index: number): void => {
    const stay = later[index];
    if (stay === undefined) return;
    world.at(zero + stay.from, () => {
      arrive(stay);
      next(index + 1);
    });
  };
  next(0);
}
