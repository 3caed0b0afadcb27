import type { Applications } from '@banyan/overlay';
import type { Millis } from '@banyan/sansio';
import type { Progress } from '../report/progress.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';

const ARRIVAL_PERIOD_MS = 100;
const ARRIVING_SHARE_PER_SECOND = 0.05;
const SEEDS = 5;
const PATIENCE_MS: Millis = 3_600_000;

/**
 * Starts every host of the simulation by the protocol itself: the first begins the ring, the others arrive at up to
 * 5 % of the ready ring a virtual second, each knowing five random ready nodes. Returns when all are ready; false when
 * they are not after an hour of virtual time.
 */
export function growRing<A extends Applications>(simulation: OverlaySimulation<A>, nodes: number, progress: Progress): boolean {
  const { world, ring } = simulation;
  let started = 0;
  let allowed = 0;
  const arrive = (): void => {
    allowed += Math.max(1, ring.size * ARRIVING_SHARE_PER_SECOND) * (ARRIVAL_PERIOD_MS / 1_000);
    // The first node is alone until it is ready; nobody could join through it before.
    for (; started < nodes && started < allowed && (started === 0 || ring.size > 0); started++) {
      simulation.start(started, started === 0 ? [] : simulation.seeds(SEEDS));
    }
    progress.show('join', ring.size, nodes);
    if (started < nodes) world.at(world.now + ARRIVAL_PERIOD_MS, arrive);
  };
  arrive();
  return world.runUntil(() => ring.size === nodes, world.now + PATIENCE_MS);
}

/** Starts every host, each when the one before is ready; false when one does not become ready within an hour. */
export function growOneByOne<A extends Applications>(simulation: OverlaySimulation<A>, nodes: number, progress: Progress): boolean {
  const { world, ring } = simulation;
  for (let host = 0; host < nodes; host++) {
    simulation.start(host, host === 0 ? [] : simulation.seeds(SEEDS));
    progress.show('join', host, nodes);
    if (!world.runUntil(() => ring.size === host + 1, world.now + PATIENCE_MS)) return false;
  }
  return true;
}
