import { seededRng } from '@banyan/sansio';
import { transitStub } from '@banyan/simulator';
import { describe, expect, it } from 'vitest';
import { SILENT } from '../report/progress.ts';
import { DRAIN_MS, measureChurn, type ChurnSetup } from './measure-churn.ts';
import { drawPopulation } from './population.ts';
import { poissonSessions } from './session-model.ts';

const MINUTE_MS = 60_000;

describe('a ring under churn', () => {
  // Castro, Costa, Rowstron 2004, §5: no incorrect delivery without packet loss; here leases keep it so with loss, too.
  it.each([0, 0.05])('loses nothing and delivers nothing at the wrong node (loss %s)', (loss) => {
    const results = measureChurn(setup({ online: 100, meanMinutes: 20, measuredMs: 10 * MINUTE_MS, loss }), SILENT);
    expect(results).toMatchObject({ lost: 0, incorrect: 0, duplicate: 0 });
    expect(results.lookups).toBeGreaterThan(2_000);
    expect(results.crashes).toBeGreaterThan(30);
    expect(results.arrivedAtTrueRootWithin10s).toBeGreaterThan(0.95);
    expect(results.answeredByTrueRootWithin10s).toBeGreaterThan(0.95);
    expect(results.answers).toMatchObject({ wrong: 0, unanswered: 0 });
    expect(results.messagesByType).toMatchObject({ heartbeat: expect.any(Number) as number, hopAck: expect.any(Number) as number });
    expect(results.bytesPerNodePerSecond).toBeGreaterThan(40 * results.controlPerNodePerSecond);
    expect(Math.abs(results.activeNodes.mean - 100)).toBeLessThan(25);
  });
});

function setup({ online, meanMinutes, measuredMs, loss }: { readonly online: number; readonly meanMinutes: number; readonly measuredMs: number; readonly loss: number }): ChurnSetup {
  const warmUpMs = MINUTE_MS;
  const population = drawPopulation({ model: poissonSessions(meanMinutes), online, forMs: warmUpMs + measuredMs + DRAIN_MS, rng: seededRng(3) });
  const topology = transitStub({ hosts: population.hosts, seed: 3 });
  return { topology, population, warmUpMs, measuredMs, lookupsPerSecondPerNode: 0.05, loss, seed: 3, leafSet: 16, digitBits: 4 };
}
