import { id, type Id } from '@banyan/ids';
import { describe, expect, it } from 'vitest';
import { LookupOracle, type JudgedArrival } from './lookup-oracle.ts';
import { RingOracle } from './ring-oracle.ts';

const IDS = ['1', '5', '9', 'd'].map((digit) => id(digit.padEnd(32, '0')));
const KEY = id('51'.padEnd(32, '0'));

/** Hosts 0 to 3 at 1…, 5…, 9…, d…; the root of the key is host 1. */
function judge(): { readonly oracle: LookupOracle; readonly ring: RingOracle; readonly arrivals: readonly JudgedArrival[] } {
  const ring = new RingOracle();
  for (const member of IDS) ring.add(member);
  const arrivals: JudgedArrival[] = [];
  const oracle = new LookupOracle({ ring, idOf: (host) => IDS[host] as Id, arrived: (arrival) => arrivals.push(arrival) });
  oracle.sent(7, { from: 0, key: KEY, now: 1_000 });
  return { oracle, ring, arrivals };
}

describe('a lookup', () => {
  it('is well delivered once, at the live root', () => {
    const { oracle, arrivals } = judge();
    oracle.arrived(7, { at: 1, hops: 2, now: 1_050 });
    expect(oracle.verdict()).toEqual({ lookups: 1, delivered: 1, lost: 0, lostWithNode: 0, lostWithSender: 0, incorrect: 0, duplicate: 0, duplicateAfterChange: 0, late: 0 });
    expect(arrivals).toEqual([{ from: 0, at: 1, hops: 2, delayMs: 50, isCorrect: true }]);
    expect(oracle.open).toBe(0);
  });

  it('is incorrect at any other node, judged at the instant of delivery', () => {
    const { oracle, ring } = judge();
    oracle.arrived(7, { at: 2, hops: 1, now: 1_050 });
    expect(oracle.verdict().incorrect).toBe(1);
    expect(oracle.complaints[0]).toContain('was delivered at 9000');
    ring.delete(IDS[1] as Id);
    oracle.sent(8, { from: 0, key: KEY, now: 2_000 });
    oracle.arrived(8, { at: 2, hops: 1, now: 2_050 });
    expect(oracle.verdict().incorrect).toBe(1);
  });

  it('is lost when nobody died with it', () => {
    const { oracle } = judge();
    oracle.taken(7, { by: 3, hop: '0@1:4', now: 1_010 });
    oracle.handedOn(7, 0);
    oracle.died(0, 1_055);
    expect(oracle.open).toBe(1);
    expect(oracle.verdict()).toMatchObject({ lost: 1, lostWithNode: 0 });
    expect(oracle.complaints[0]).toContain('is held by hosts 3');
  });

  it('is lost with a node that had not handed it on', () => {
    const { oracle } = judge();
    oracle.taken(7, { by: 3, hop: '0@1:4', now: 1_010 });
    oracle.handedOn(7, 0);
    oracle.died(3, 1_055);
    expect(oracle.open).toBe(0);
    expect(oracle.verdict()).toMatchObject({ lost: 0, lostWithNode: 1 });
  });

  it('is in a node\'s care anew when it comes back by another hop, and not when a hop is repeated', () => {
    for (const [again, lost] of [['0@1:4', 1], ['2@1:9', 0]] as const) {
      const { oracle } = judge();
      oracle.taken(7, { by: 3, hop: '0@1:4', now: 1_010 });
      oracle.handedOn(7, 0);
      oracle.handedOn(7, 3);
      oracle.taken(7, { by: 3, hop: again, now: 1_010 });
      oracle.died(3, 1_055);
      expect(oracle.verdict()).toMatchObject({ lost, lostWithNode: 1 - lost });
    }
  });

  it('is a duplicate at its second delivery, unless the first root died', () => {
    const { oracle, ring } = judge();
    oracle.arrived(7, { at: 1, hops: 1, now: 1_050 });
    oracle.arrived(7, { at: 1, hops: 1, now: 1_060 });
    expect(oracle.verdict()).toMatchObject({ duplicate: 1, duplicateAfterChange: 0 });
    oracle.died(1, 1_055);
    ring.delete(IDS[1] as Id);
    oracle.arrived(7, { at: 0, hops: 1, now: 1_070 });
    expect(oracle.verdict()).toMatchObject({ duplicate: 1, duplicateAfterChange: 1 });
  });

  it('is no duplicate at a root that joined between the two deliveries', () => {
    const { oracle, ring } = judge();
    ring.delete(IDS[1] as Id);
    oracle.arrived(7, { at: 2, hops: 1, now: 1_050 });
    ring.add(IDS[1] as Id);
    oracle.arrived(7, { at: 1, hops: 1, now: 1_060 });
    expect(oracle.verdict()).toMatchObject({ incorrect: 0, duplicate: 0, duplicateAfterChange: 1 });
  });

  it('is late after three seconds', () => {
    const { oracle } = judge();
    oracle.arrived(7, { at: 1, hops: 1, now: 4_001 });
    expect(oracle.verdict().late).toBe(1);
  });

  it('was given up, not lost with the node, when that dies minutes after it took it', () => {
    const { oracle } = judge();
    oracle.taken(7, { by: 3, hop: '0@1:4', now: 1_010 });
    oracle.handedOn(7, 0);
    oracle.died(3, 121_010);
    expect(oracle.verdict()).toMatchObject({ lost: 1, lostWithNode: 0 });
  });

  it('is lost with its sender when nobody else had it yet', () => {
    const { oracle } = judge();
    oracle.died(0, 1_001);
    expect(oracle.verdict()).toMatchObject({ lost: 0, lostWithNode: 1, lostWithSender: 1 });
  });

  it('is counted all the same when it is forgotten after ten minutes, and remembered while a live node has it', () => {
    const { oracle } = judge();
    oracle.sent(8, { from: 2, key: KEY, now: 1_100 });
    oracle.died(2, 1_200);
    oracle.sent(9, { from: 3, key: KEY, now: 700_000 });
    oracle.arrived(9, { at: 1, hops: 1, now: 700_020 });
    expect(oracle.verdict()).toMatchObject({ lookups: 3, delivered: 1, lost: 1, lostWithSender: 1 });
    oracle.arrived(7, { at: 1, hops: 1, now: 700_100 });
    expect(oracle.verdict()).toMatchObject({ lookups: 3, delivered: 2, lost: 0, lostWithSender: 1, late: 1 });
  });
});
