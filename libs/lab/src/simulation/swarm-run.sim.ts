import { describe, it } from 'vitest';
import { expectEveryPromiseKept } from '../testing/promises.ts';
import { FAULT_KINDS } from './fault-mix.ts';

const seeds = Array.from({ length: 10 }, (_, i) => i + 1);

/** Every promise: the first 10 seeds, with weather, crash and restart only and with all kinds of faults; `swarm.long.ts` runs 40 more. */
describe.each(FAULT_KINDS)('a swarm of 200 nodes under %s faults', (faults) => {
  it.each(seeds)('keeps every promise (seed %i)', (seed) => {
    expectEveryPromiseKept(seed, faults);
  });
});
