import { beforeEach, describe, expect, it } from 'vitest';
import { idFromBigInt, type Id } from '@banyan/ids';
import { LISTED_MAX, SupernodeDirectory, type Newcomer } from './supernode-directory.ts';

const LEASE_MS = 30_000;
let directory: SupernodeDirectory<string>;

beforeEach(() => {
  directory = new SupernodeDirectory(LEASE_MS, 1_000);
});

describe('a lease', () => {
  it('ends without a sign, and is prolonged by one', () => {
    enter(1, { at: 0 });
    enter(2, { at: 0 });
    expect(beat(2, { at: 20_000 })).toBe(true);
    expect(listed({ at: 29_999 })).toEqual([2, 1]);
    expect(listed({ at: 30_000 })).toEqual([2]);
    expect(listed({ at: 50_000 })).toEqual([]);
  });

  it('that ran out is not prolonged: the node enters again', () => {
    enter(1, { at: 0 });
    expect(beat(1, { at: LEASE_MS })).toBe(false);
    enter(1, { at: LEASE_MS });
    expect(beat(1, { at: LEASE_MS })).toBe(true);
  });

  it('belongs to one life of a node', () => {
    enter(1, { at: 0, incarnation: 5n });
    expect(beat(1, { at: 1, incarnation: 4n })).toBe(false);
    expect(directory.register(newcomer(1, { incarnation: 4n }), 1)).toBe(false);
    expect(directory.register(newcomer(1, { incarnation: 6n }), 1)).toBe(true);
    expect(beat(1, { at: 2, incarnation: 5n })).toBe(false);
  });

  it('ends at once when the node goes', () => {
    enter(1, { at: 0 });
    directory.deregister(ident(1));
    directory.deregister(ident(2));
    expect(listed({ at: 0 })).toEqual([]);
  });
});

describe('the list', () => {
  it('has nodes that deliver keys, and others only when asked', () => {
    directory.register(newcomer(1), 0);
    expect(listed({ at: 0 })).toEqual([]);
    expect(listed({ at: 0, includeJoining: true })).toEqual([1]);
    beat(1, { at: 0 });
    expect(listed({ at: 0 })).toEqual([1]);
  });

  it('keeps a node ready that enters again in the same life, not in a new one', () => {
    enter(1, { at: 0, incarnation: 5n });
    directory.register(newcomer(1, { incarnation: 5n }), 1);
    expect(listed({ at: 1 })).toEqual([1]);
    directory.register(newcomer(1, { incarnation: 6n }), 2);
    expect(listed({ at: 2 })).toEqual([]);
  });

  it('prefers the region, then the fresh third of the lease, then the least loaded, then the freshest', () => {
    enter(1, { at: 0, load: 0, region: 'far' });
    enter(2, { at: 11_000, load: 0.9, region: 'far' });
    enter(3, { at: 12_000, load: 0.1, region: 'far' });
    enter(4, { at: 13_000, load: 0.1, region: 'far' });
    enter(5, { at: 0, load: 1, region: 'here' });
    expect(listed({ at: 14_000, region: 'here' })).toEqual([5, 4, 3, 2, 1]);
    expect(listed({ at: 14_000 })).toEqual([4, 3, 2, 1, 5]);
  });

  it('tells as many as are asked for, and never more than 200', () => {
    for (let i = 1; i <= 300; i++) enter(i, { at: 0 });
    expect(listed({ at: 0, limit: 7 })).toHaveLength(7);
    expect(listed({ at: 0, limit: 1_000 })).toHaveLength(LISTED_MAX);
  });
});

it('drops the one without a sign for longest at its bound', () => {
  for (let i = 1; i <= 1_000; i++) enter(i, { at: i });
  beat(1, { at: 1_001 });
  enter(2_000, { at: 1_002 });
  expect(directory.size).toBe(1_000);
  expect(beat(2, { at: 1_003 })).toBe(false);
  expect(beat(1, { at: 1_003 })).toBe(true);
});

function ident(number: number): Id {
  return idFromBigInt(BigInt(number));
}

function newcomer(number: number, { incarnation = 1n, load = 0, region = '' } = {}): Newcomer<string> {
  return { id: ident(number), incarnation, region, node: `node-${number}`, load };
}

function enter(number: number, { at, incarnation = 1n, load = 0, region = '' }: { at: number; incarnation?: bigint; load?: number; region?: string }): void {
  directory.register(newcomer(number, { incarnation, load, region }), at);
  beat(number, { at, incarnation, load });
}

function beat(number: number, { at, incarnation = 1n, load = 0 }: { at: number; incarnation?: bigint; load?: number }): boolean {
  return directory.heartbeat({ id: ident(number), incarnation, load, ready: true }, at);
}

function listed({ at, region = '', limit = 100, includeJoining = false }: { at: number; region?: string; limit?: number; includeJoining?: boolean }): number[] {
  return directory.list({ region, limit, includeJoining }, at).map(({ id }) => Number.parseInt(id, 16));
}
