import { describe, expect, it } from 'vitest';
import { keptSeeds } from '../testing/kept-seeds.ts';
import { expectEveryPromiseKept } from '../testing/promises.ts';
import { runSwarm } from './swarm-run.ts';

const seeds = Array.from({ length: 10 }, (_, i) => i + 1);

const kept = keptSeeds().filter(({ seed, nodes }) => nodes !== 200 || !seeds.includes(seed));

/** Every promise under loss, delay, crash and restart: the first 10 seeds; `swarm.long.ts` runs the other 40. */
describe('a swarm of 200 nodes', () => {
  it.each(seeds)('keeps every promise (seed %i)', (seed) => {
    expectEveryPromiseKept(seed);
  });

  it.each(kept)('keeps them where it once did not (seed $seed: $found)', ({ seed, nodes }) => {
    expect(runSwarm({ seed, nodes, traced: false }).violations).toEqual([]);
  });

  it('does the same again with the same seed, to the last effect', () => {
    const small = { seed: 4, nodes: 50, traced: true };
    const first = runSwarm(small);
    expect(first.events).toBeGreaterThan(10_000);
    expect(runSwarm(small).digest).toBe(first.digest);
    expect(runSwarm({ ...small, seed: 5 }).digest).not.toBe(first.digest);
  });
});
