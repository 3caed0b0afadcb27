import { describe, it } from 'vitest';
import { expectEveryPromiseKept } from '../testing/promises.ts';

const seeds = Array.from({ length: 49 }, (_, i) => i + 2);

/** Every promise under loss, delay, crash and restart: seeds 2 to 50; `swarm-run.sim.ts` runs the first. */
describe('a swarm of 200 nodes', () => {
  it.each(seeds)('keeps every promise (seed %i)', (seed) => expectEveryPromiseKept(seed, 'basic'));
});
