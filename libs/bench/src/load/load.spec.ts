import { describe, expect, it } from 'vitest';
import { MessageMaker, nowMs, readHeader } from './message.ts';
import { Tally } from './tally.ts';

describe('a message', () => {
  it('carries its phase, its place and when it was sent', () => {
    const before = nowMs();
    const header = readHeader(new MessageMaker(64, 1).make(2, 77));
    expect(header).toMatchObject({ phase: 2, index: 77 });
    expect(header.sentMs).toBeGreaterThanOrEqual(before);
    expect(header.sentMs).toBeLessThanOrEqual(nowMs());
  });

  it('is filled by the seed alone', () => {
    const filling = (seed: number): string => Buffer.from(new MessageMaker(64, seed).make(0, 0).subarray(16)).toString('hex');
    expect(filling(1)).toBe(filling(1));
    expect(filling(1)).not.toBe(filling(2));
  });
});

describe('a tally', () => {
  it('counts every message once and keeps its delay', () => {
    const tally = new Tally(3);
    for (const index of [0, 1, 1, 2]) tally.add(index, index + 0.5);
    expect([tally.received, tally.duplicates, tally.reordered, tally.isComplete]).toEqual([3, 1, 0, true]);
    expect([...tally.latenciesMs]).toEqual([0.5, 1.5, 2.5]);
  });

  it('notices what is missing and what came too early', () => {
    const tally = new Tally(3);
    for (const index of [2, 0]) tally.add(index, 1);
    expect([tally.received, tally.reordered, tally.isComplete]).toEqual([2, 1, false]);
  });
});
