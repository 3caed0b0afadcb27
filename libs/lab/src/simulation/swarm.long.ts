import { describe, it } from 'vitest';
import { expectEveryPromiseKept } from '../testing/promises.ts';

const seeds = Array.from({ length: 40 }, (_, i) => i + 11);

/** Every promise under loss, delay, crash and restart: seeds 11 to 50; `swarm-run.sim.ts` runs the first ten. */
describe('a swarm of 200 nodes', () => {
  it.each(seeds)('keeps every promise (seed %i)', (seed) => expectEveryPromiseKept(seed, 'basic'));
});
