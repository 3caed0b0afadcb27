import { describe, expect, it } from 'vitest';
import { keptSeeds } from '../testing/kept-seeds.ts';
import { runSwarm } from './swarm-run.ts';

/** Seeds that once found a bug, each with all the faults it draws. */
const kept = keptSeeds();

describe('a swarm', () => {
  it.each(kept)('keeps its promises where it once did not (seed $seed: $found)', ({ seed, nodes }) => {
    expect(runSwarm({ seed, nodes, workload: 'light', faults: 'all', traced: false }).violations).toEqual([]);
  });

  it('does the same again with the same seed, to the last effect', () => {
    const small = { seed: 4, nodes: 50, workload: 'light', faults: 'all', traced: true } as const;
    const first = runSwarm(small);
    expect(first.events).toBeGreaterThan(10_000);
    expect(runSwarm(small).digest).toBe(first.digest);
    expect(runSwarm({ ...small, seed: 5 }).digest).not.toBe(first.digest);
  });
});
