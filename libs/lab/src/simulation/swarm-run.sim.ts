import { describe, expect, it } from 'vitest';
import { expectEveryPromiseKept } from '../testing/promises.ts';
import { runSwarm } from './swarm-run.ts';

/** Every promise under loss, delay, crash and restart: the first seed; `swarm.long.ts` runs 49 more. */
describe('a swarm of 200 nodes', () => {
  it('keeps every promise (seed 1)', () => {
    expectEveryPromiseKept(1, 'basic');
  });

  it('does the same again with the same seed, to the last effect', () => {
    const small = { seed: 4, nodes: 50, workload: 'light', faults: 'all', traced: true } as const;
    const first = runSwarm(small);
    expect(first.events).toBeGreaterThan(10_000);
    expect(runSwarm(small).digest).toBe(first.digest);
    expect(runSwarm({ ...small, seed: 5 }).digest).not.toBe(first.digest);
  });
});
