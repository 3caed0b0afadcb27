import { describe, expect, it } from 'vitest';
import { DEFAULT_PEERS_CONFIG as bounds } from './config.ts';
import { RoundTrips } from './round-trip.ts';

/** What so many samples of one peer come to, beside those of another. */
function after(...samplesMs: readonly number[]) {
  const roundTrips = new RoundTrips();
  roundTrips.reserve(1);
  roundTrips.clear(0);
  for (const sampleMs of samplesMs.slice(0, 1)) roundTrips.add(0, sampleMs);
  roundTrips.reserve(2);
  roundTrips.clear(1);
  roundTrips.add(1, 77);
  for (const sampleMs of samplesMs.slice(1)) roundTrips.add(0, sampleMs);
  return { timeoutMs: () => roundTrips.timeoutMs(0, bounds), smoothedMs: () => roundTrips.smoothedMs(0), proximityMs: () => roundTrips.proximityMs(0) };
}

describe('a round-trip estimate (RFC 6298)', () => {
  it('begins with the first sample and three times it as timeout', () => {
    expect(after().timeoutMs()).toBe(bounds.timeoutInitialMs);
    expect(after(400).smoothedMs()).toBe(400);
    expect(after(400).timeoutMs()).toBe(1_200);
  });

  it('moves by an eighth, its deviation by a quarter', () => {
    const roundTrip = after(400, 800);
    expect(roundTrip.smoothedMs()).toBe(450);
    expect(roundTrip.timeoutMs()).toBe(450 + 4 * 250);
  });

  it('keeps its timeout within the bounds', () => {
    expect(after(1, 1, 1, 1).timeoutMs()).toBe(bounds.timeoutMinMs);
    expect(after(60_000).timeoutMs()).toBe(bounds.timeoutMaxMs);
  });

  it('is near or far by the median of three', () => {
    expect(after().proximityMs()).toBeUndefined();
    expect(after(90, 30).proximityMs()).toBe(30);
    expect(after(30, 500, 40).proximityMs()).toBe(40);
    expect(after(30, 500, 40, 41, 42).proximityMs()).toBe(41);
  });
});
