import { describe, it } from 'vitest';
import { expectEveryPromiseKept } from '../testing/promises.ts';

const seeds = Array.from({ length: 10 }, (_, i) => i + 1);

/** Every promise under loss, delay, crash and restart: the first 10 seeds; `swarm.long.ts` runs the other 40. */
describe('a swarm of 200 nodes', () => {
  it.each(seeds)('keeps every promise (seed %i)', (seed) => {
    expectEveryPromiseKept(seed, 'basic');
  });
});
