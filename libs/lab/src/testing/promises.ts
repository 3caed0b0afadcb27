import { expect, it } from 'vitest';
import type { FaultKinds } from '../simulation/fault-mix.ts';
import { runSwarm } from '../simulation/swarm-run.ts';
import type { KeptSeed } from './kept-seeds.ts';

/** Runs a swarm of 200 nodes and expects that it did much and broke nothing. */
export function expectEveryPromiseKept(seed: number, faults: FaultKinds): void {
  const report = runSwarm({ seed, nodes: 200, workload: 'light', faults, traced: false });
  expect(report.violations).toEqual([]);
  expect(report.faults.crashes).toBeGreaterThan(10);
  expect(report.lookups.delivered).toBeGreaterThan(2_000);
  expect(report.receipted).toBeGreaterThan(1_000);
  expect(report.delivered).toBeGreaterThan(15_000);
}

/** One test each: seeds that once broke a promise keep all of them, with all the faults they draw. */
export function itKeepsItsPromises(kept: readonly KeptSeed[]): void {
  it.each(kept)('keeps its promises where it once did not (seed $seed: $found)', ({ seed, nodes }) => {
    expect(runSwarm({ seed, nodes, workload: 'light', faults: 'all', traced: false }).violations).toEqual([]);
  });
}
