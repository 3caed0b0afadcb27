import { id, type Id } from '@banyan/ids';
import { describe, expect, it } from 'vitest';
import { LookupOracle } from './lookup-oracle.ts';
import { RingOracle } from './ring-oracle.ts';

const IDS = ['1', '5', '9', 'd'].map((digit) => id(digit.padEnd(32, '0')));
const KEY = id('51'.padEnd(32, '0'));

/** Hosts 0 to 3 at 1…, 5…, 9…, d…; the root of the key is host 1. */
function judge(): { readonly oracle: LookupOracle; readonly ring: RingOracle } {
  const ring = new RingOracle();
  for (const member of IDS) ring.add(member);
  const oracle = new LookupOracle({ ring, idOf: (host) => IDS[host] as Id });
  oracle.sent(7, { from: 0, key: KEY, now: 1_000 });
  return { oracle, ring };
}

describe('a lookup', () => {
  it('is well delivered once, at the live root', () => {
    const { oracle } = judge();
    oracle.arrived(7, { at: 1, hops: 2, now: 1_050 });
    expect(oracle.verdict()).toEqual({ lookups: 1, delivered: 1, lost: 0, lostWithNode: 0, incorrect: 0, duplicate: 0, duplicateAfterDeath: 0, late: 0 });
    expect(oracle.arrivals()).toEqual([{ from: 0, at: 1, hops: 2, delayMs: 50 }]);
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

  it('is lost while everybody who held it lives', () => {
    const { oracle } = judge();
    oracle.taken(7, 3);
    oracle.gone(0);
    expect(oracle.open).toBe(1);
    expect(oracle.verdict()).toMatchObject({ lost: 1, lostWithNode: 0 });
  });

  it('is lost with the node that held it last', () => {
    const { oracle } = judge();
    oracle.taken(7, 3);
    oracle.gone(3);
    expect(oracle.verdict()).toMatchObject({ lost: 0, lostWithNode: 1 });
  });

  it('is not lost with a node that died before another took it', () => {
    const { oracle } = judge();
    oracle.gone(0);
    oracle.taken(7, 3);
    expect(oracle.verdict()).toMatchObject({ lost: 1, lostWithNode: 0 });
  });

  it('is a duplicate at its second delivery, unless the first root is gone', () => {
    const { oracle, ring } = judge();
    oracle.arrived(7, { at: 1, hops: 1, now: 1_050 });
    oracle.arrived(7, { at: 1, hops: 1, now: 1_060 });
    expect(oracle.verdict()).toMatchObject({ duplicate: 1, duplicateAfterDeath: 0 });
    oracle.gone(1);
    ring.delete(IDS[1] as Id);
    oracle.arrived(7, { at: 0, hops: 1, now: 1_070 });
    expect(oracle.verdict()).toMatchObject({ duplicate: 1, duplicateAfterDeath: 1 });
  });

  it('is late after three seconds', () => {
    const { oracle } = judge();
    oracle.arrived(7, { at: 1, hops: 1, now: 4_001 });
    expect(oracle.verdict().late).toBe(1);
  });
});
