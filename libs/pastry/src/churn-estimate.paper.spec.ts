import { randomId } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { seededRng, type Rng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { ChurnEstimate, tableProbePeriodMs } from './churn-estimate.ts';
import { DEFAULT_PASTRY_CONFIG as config } from './config.ts';
import { Pace } from './pace.ts';
import { Tables } from './tables.ts';

const handle = (rng: Rng): NodeHandle => ({ id: randomId(rng), incarnation: 1, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 1 });

function tablesIn(ringSize: number): Tables {
  const rng = seededRng(ringSize);
  const tables = new Tables(handle(rng), config);
  for (let i = 1; i < ringSize; i++) tables.insertLeaf(handle(rng));
  return tables;
}

const GNUTELLA_PER_SECOND = 1 / (2.3 * 3_600);
const given = {
  failureRate: GNUTELLA_PER_SECOND,
  ringSize: 2_000,
  digitBits: 4,
  target: 0.05,
  leafDetectionMs: 39_000,
  probeTimeoutMs: 9_000,
  min: 9_000,
  max: 3_600_000,
};

describe('Castro, Costa, Rowstron 2004, §4.1: self-tuned probing', () => {
  it('T_rt keeps the raw loss at its target: about 8 min at 5 % under the churn of Gnutella', () => {
    const periodMs = tableProbePeriodMs(given);
    expect(periodMs / 60_000).toBeGreaterThan(7);
    expect(periodMs / 60_000).toBeLessThan(10);
    expect(tableProbePeriodMs({ ...given, target: 0.01 })).toBeLessThan(periodMs / 4);
  });

  it('T_rt falls with the churn and with the number of hops, and stays within its bounds', () => {
    expect(tableProbePeriodMs({ ...given, failureRate: 2 * given.failureRate })).toBeLessThan(0.6 * tableProbePeriodMs(given));
    expect(tableProbePeriodMs({ ...given, ringSize: 2_000_000 })).toBeLessThan(0.6 * tableProbePeriodMs(given));
    expect(tableProbePeriodMs({ ...given, failureRate: 1 })).toBeCloseTo(given.min, -3);
    expect(tableProbePeriodMs({ ...given, failureRate: 0 })).toBe(given.max);
  });

  it('N comes from how densely the leaves stand', () => {
    const estimates = [500, 1_000, 2_000].map((ringSize) => new ChurnEstimate(config, tablesIn(ringSize)).ringSize() / ringSize);
    for (const ratio of estimates) expect(Math.abs(Math.log2(ratio))).toBeLessThan(1);
    expect(new ChurnEstimate(config, tablesIn(10)).ringSize()).toBe(10);
  });

  it('mu comes from the last failures seen, and is the median with what the neighbors believe', () => {
    const tables = tablesIn(200);
    const churn = new ChurnEstimate(config, tables);
    churn.begin(0);
    const peers = tables.leafSet.size + tables.table.size;
    for (let i = 1; i <= 40; i++) churn.failed(i * 1_000);
    // 16 failures among the peers known, in the 15 s since the oldest of them and one more.
    expect(churn.failureRate(41_000, [])).toBeCloseTo(16 / peers / 16, 6);
    expect(churn.failureRate(41_000, [0, 0])).toBe(0);
    expect(churn.failureRate(41_000, [0.5, 1])).toBe(0.5);
  });

  it('who is young and has seen little believes its neighbors', () => {
    const churn = new ChurnEstimate(config, tablesIn(200));
    churn.begin(0);
    churn.failed(1_000);
    expect(churn.failureRate(2_000, [])).toBeUndefined();
    expect(churn.failureRate(2_000, [0.001, 0.003])).toBeCloseTo(0.002, 9);
  });

  // Found by `churn --churn poisson:2.02 --nodes 400`: joiners told their neighbors 0, and these granted leases of 30 s to nodes that stay two minutes.
  it('who is not a member yet tells nothing of its own, however long its clock has run', () => {
    const churn = new ChurnEstimate(config, tablesIn(200));
    churn.entered(0.01);
    expect(churn.failureRate(60 * 60_000, [])).toBe(0.01);
    churn.begin(60 * 60_000);
    expect(churn.failureRate(61 * 60_000, [0.02])).toBe(0.02);
  });
});

describe('the pace: the period of heartbeats follows the churn', () => {
  const paceAt = (failureRate: number): Pace => new Pace({ config, churn: new ChurnEstimate(config, tablesIn(200)), told: () => [failureRate] });

  it('and leases with it, between the longest and the shortest', () => {
    expect([paceAt(0).heartbeatMs(0), paceAt(0).leaseMs(0)]).toEqual([config.heartbeatPeriodMs, config.leaseMs]);
    expect([paceAt(1).heartbeatMs(0), paceAt(1).leaseMs(0)]).toEqual([config.heartbeatPeriodMinMs, paceAt(1).leaseMinMs]);
    const [calm, rough] = [paceAt(2e-4), paceAt(4e-4)];
    expect(calm.heartbeatMs(0) / rough.heartbeatMs(0)).toBeCloseTo(2, 6);
  });

  it('who knows nothing says so and believes what it was told at its entry: not to know is not the same as no failures', () => {
    const churn = new ChurnEstimate(config, tablesIn(40));
    expect(churn.failureRate(0, [])).toBeUndefined();
    churn.entered(0.01);
    expect(churn.failureRate(0, [])).toBe(0.01);
    expect(churn.failureRate(0, [0.02])).toBe(0.02);
  });

  it('the first leases that a newcomer grants are as short as those of the node that let it in', () => {
    const told: number[] = [];
    const pace = new Pace({ config, churn: new ChurnEstimate(config, tablesIn(40)), told: () => told });
    expect([pace.leaseMs(0), pace.isHurried(0)]).toEqual([config.leaseMs, false]);
    pace.entered(1 / 120);
    expect([pace.leaseMs(1), pace.isHurried(1)]).toEqual([pace.leaseMinMs, true]);
    told.push(0);
    expect(pace.leaseMs(2)).toBe(config.leaseMs);
  });
});
