import { expect } from 'vitest';
import type { FaultKinds } from '../simulation/fault-mix.ts';
import { runSwarm } from '../simulation/swarm-run.ts';

/** Runs a swarm of 200 nodes and expects that it did much and broke nothing. */
export function expectEveryPromiseKept(seed: number, faults: FaultKinds): void {
  const report = runSwarm({ seed, nodes: 200, workload: 'light', faults, traced: false });
  expect(report.violations).toEqual([]);
  expect(report.faults.crashes).toBeGreaterThan(10);
  expect(report.lookups.delivered).toBeGreaterThan(2_000);
  expect(report.receipted).toBeGreaterThan(1_000);
  expect(report.delivered).toBeGreaterThan(15_000);
}
