import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { percentile } from '../statistics.ts';
import { drawPopulation, meanPresent } from './population.ts';
import { gammaFunction } from './random-variates.ts';
import { GNUTELLA_SESSIONS, KAD_SESSIONS, poissonSessions, type SessionModel } from './session-model.ts';

const HOUR_MS = 3_600_000;

describe('sessions', () => {
  it('have the medians and means that were published', () => {
    const medianMinutes = (model: SessionModel): number => {
      const rng = seededRng(1);
      return percentile(Float64Array.from({ length: 20_000 }, () => model.on.draw(rng) / 60_000).sort(), 0.5);
    };
    expect(medianMinutes(GNUTELLA_SESSIONS)).toBeCloseTo(60, -1);
    expect(GNUTELLA_SESSIONS.on.meanMs / HOUR_MS).toBeCloseTo(2.3, 1);
    expect(medianMinutes(poissonSessions(2.02))).toBeCloseTo(1.4, 1);
    expect(KAD_SESSIONS.on.meanMs / 60_000).toBeCloseTo(169.5 * 1.4566, -1);
  });
});

describe('a population', () => {
  it.each([
    ['poisson:30', poissonSessions(30)],
    ['gnutella', GNUTELLA_SESSIONS],
    ['kad', KAD_SESSIONS],
  ])('stays as large as it was (%s)', (_name, model) => {
    const forMs = 4 * HOUR_MS;
    const population = drawPopulation({ model, online: 1_000, forMs, rng: seededRng(2) });
    expect(Math.abs(meanPresent(population, forMs) - 1_000)).toBeLessThan(60);
    expect(population.stays.filter(({ from }) => from === 0)).toHaveLength(1_000);
    // Stationary: as many leave in the first half hour as in the last.
    const leaving = (since: number): number => population.stays.filter(({ until }) => until >= since && until < since + HOUR_MS / 2).length;
    const [first, last] = [leaving(0), leaving(forMs - HOUR_MS / 2)];
    expect(Math.abs(first - last) / first).toBeLessThan(0.25);
  });

  it('comes back where the model knows absences, and never overlaps itself', () => {
    const { stays, hosts } = drawPopulation({ model: KAD_SESSIONS, online: 100, forMs: 48 * HOUR_MS, rng: seededRng(3) });
    const endOf = new Map<number, number>();
    for (const { host, from, until } of stays) {
      expect(from).toBeGreaterThanOrEqual(endOf.get(host) ?? 0);
      endOf.set(host, until);
    }
    expect(stays.length).toBeGreaterThan(hosts);
  });
});

it('the gamma function is the factorial of whole numbers, and right between them', () => {
  expect(gammaFunction(5)).toBeCloseTo(24, 6);
  expect(gammaFunction(2.5)).toBeCloseTo(1.32934039, 6);
});
