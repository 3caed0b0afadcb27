import { describe, expect, it } from 'vitest';
import { keptSeeds } from '../testing/kept-seeds.ts';
import { runSwarm } from './swarm-run.ts';

const isLong = process.env['BANYAN_TEST_LONG'] === '1';
const seeds = Array.from({ length: isLong ? 50 : 10 }, (_, i) => i + 1);

/** Every promise under loss, delay, crash and restart: 10 seeds of 200 nodes, all 50 with BANYAN_TEST_LONG=1. */
describe('a swarm of 200 nodes', () => {
  it.each(seeds)('keeps every promise (seed %i)', (seed) => {
    const report = runSwarm({ seed, nodes: 200, traced: false });
    expect(report.violations).toEqual([]);
    expect(report.crashes).toBeGreaterThan(20);
    expect(report.lookups.delivered).toBeGreaterThan(2_000);
    expect(report.receipted).toBeGreaterThan(1_000);
    expect(report.delivered).toBeGreaterThan(20_000);
  });

  it.each(keptSeeds())('keeps them where it once did not (seed $seed: $found)', ({ seed, nodes }) => {
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
