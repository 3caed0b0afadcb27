import { describe, expect, it } from 'vitest';
import { DEFAULT_PEERS_CONFIG as bounds } from './config.ts';
import { RoundTrip } from './round-trip.ts';

const after = (...samplesMs: readonly number[]): RoundTrip => {
  const roundTrip = new RoundTrip();
  for (const sampleMs of samplesMs) roundTrip.add(sampleMs);
  return roundTrip;
};

describe('a round-trip estimate (RFC 6298)', () => {
  it('begins with the first sample and three times it as timeout', () => {
    expect(after().timeoutMs(bounds)).toBe(bounds.timeoutInitialMs);
    expect(after(400).smoothedMs()).toBe(400);
    expect(after(400).timeoutMs(bounds)).toBe(1_200);
  });

  it('moves by an eighth, its deviation by a quarter', () => {
    const roundTrip = after(400, 800);
    expect(roundTrip.smoothedMs()).toBe(450);
    expect(roundTrip.timeoutMs(bounds)).toBe(450 + 4 * 250);
  });

  it('keeps its timeout within the bounds', () => {
    expect(after(1, 1, 1, 1).timeoutMs(bounds)).toBe(bounds.timeoutMinMs);
    expect(after(60_000).timeoutMs(bounds)).toBe(bounds.timeoutMaxMs);
  });

  it('is near or far by the median of three', () => {
    expect(after().proximityMs()).toBeUndefined();
    expect(after(90, 30).proximityMs()).toBe(30);
    expect(after(30, 500, 40).proximityMs()).toBe(40);
    expect(after(30, 500, 40, 41, 42).proximityMs()).toBe(41);
  });
});
