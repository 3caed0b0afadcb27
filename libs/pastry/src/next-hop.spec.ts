import { compareDistance, randomId, sharedPrefix, type DigitBits, type Id } from '@banyan/ids';
import { seededRng, type Rng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PASTRY_CONFIG, type PastryConfig } from './config.ts';
import { fillTables, standingRing } from './fill-tables.ts';
import { knowsWholeRing, makesProgress, nextHop } from './next-hop.ts';
import { Tables } from './tables.ts';
import { handleOf, idOf, randomNodes } from './testing/nodes.ts';

const nobody = (): boolean => false;

function ringOf(rng: Rng, count: number, config: PastryConfig): Map<Id, Tables> {
  const ring = randomNodes(rng, count);
  return new Map(
    ring.map((self, index) => {
      const tables = new Tables(self, config);
      const filled = fillTables({ ring: standingRing(ring, config.digitBits), index, proximityMs: () => 1 + rng.below(99), config, candidatesMax: 8, rng });
      for (const leaf of filled.leaves) tables.insertLeaf(leaf);
      for (const { handle, proximityMs } of filled.entries) tables.offer(handle, proximityMs);
      return [self.id, tables] as const;
    }),
  );
}

function closest(key: Id, ids: Iterable<Id>): Id {
  return [...ids].reduce((a, b) => (compareDistance(key, b, a) < 0 ? b : a));
}

describe('the next hop', () => {
  it.each([1, 2, 3, 4] as const)('leads every key to its root with strict progress, b = %i', (digitBits: DigitBits) => {
    for (const count of [1, 2, 9, 33, 34, 200]) {
      const rng = seededRng(100 * digitBits + count);
      const config = { ...DEFAULT_PASTRY_CONFIG, digitBits, leafSetSize: 16 };
      const ring = ringOf(rng, count, config);
      for (let i = 0; i < 200; i++) {
        const key = randomId(rng);
        let at = rng.pick([...ring.keys()])!;
        for (let hops = 0; ; hops++) {
          expect(hops).toBeLessThan(40);
          const tables = ring.get(at)!;
          const hop = nextHop(tables, { key, avoid: nobody })!;
          if (hop.rule === 'self') break;
          if (hop.rule !== 'leaf-set') expect(makesProgress(tables, key, hop.to)).toBe(true);
          at = hop.to.id;
        }
        expect(at).toBe(closest(key, ring.keys()));
      }
    }
  });

  it('agrees with the rule spelled out over everything a node knows', () => {
    const rng = seededRng(11);
    const config = { ...DEFAULT_PASTRY_CONFIG, leafSetSize: 8 };
    for (let round = 0; round < 300; round++) {
      const tables = new Tables(randomNodes(rng, 1)[0]!, config);
      for (const node of randomNodes(rng, 60)) {
        tables.insertLeaf(node);
        if (rng.next() < 0.5) tables.offer(node, 1 + rng.below(100));
      }
      const key = randomId(rng);
      const avoided = new Set([...tables.table.entries()].filter(() => rng.next() < 0.3).map((entry) => entry.id));
      const hop = nextHop(tables, { key, avoid: (peer) => avoided.has(peer.id) });
      expect(hop?.to.id).toBe(bruteForce(tables, key, avoided));
    }
  });

  it('never goes around the root at the last hop', () => {
    const tables = new Tables(handleOf(idOf('80')), { ...DEFAULT_PASTRY_CONFIG, leafSetSize: 4 });
    for (const prefix of ['90', 'a0', '70', '60']) tables.insertLeaf(handleOf(idOf(prefix)));
    const hop = nextHop(tables, { key: idOf('91'), avoid: () => true });
    expect(hop).toMatchObject({ to: { id: idOf('90') }, rule: 'leaf-set' });
  });

  it('treats an absent node as no root: a joiner is led to who is closest to its place', () => {
    const tables = new Tables(handleOf(idOf('80')), { ...DEFAULT_PASTRY_CONFIG, leafSetSize: 4 });
    for (const prefix of ['90', 'a0', '70', '60']) tables.insertLeaf(handleOf(idOf(prefix)));
    expect(nextHop(tables, { key: idOf('8f'), avoid: nobody, absent: idOf('90') })).toMatchObject({ to: { id: idOf('80') }, rule: 'self' });
    expect(nextHop(tables, { key: idOf('91'), avoid: nobody, absent: idOf('90') })).toMatchObject({ to: { id: idOf('a0') } });
  });

  it('tells a small ring from a leaf set that lost members', () => {
    const tables = new Tables(handleOf(idOf('80')), { ...DEFAULT_PASTRY_CONFIG, leafSetSize: 4 });
    tables.insertLeaf(handleOf(idOf('90')));
    tables.offer(handleOf(idOf('90')), 1);
    expect(knowsWholeRing(tables)).toBe(true);
    tables.offer(handleOf(idOf('10')), 1);
    expect(knowsWholeRing(tables)).toBe(false);
    expect(nextHop(tables, { key: idOf('11'), avoid: nobody })).toMatchObject({ to: { id: idOf('10') }, rule: 'routing-table', row: 0, column: 1 });
  });
});

// Rowstron & Druschel 2001, Table 1, over plain lists.
function bruteForce(tables: Tables, key: Id, avoided: ReadonlySet<Id>): Id | undefined {
  const self = tables.self.id;
  const leaves = tables.leafSet.members.map((leaf) => leaf.id);
  if (tables.leafSet.covers(key, false)) return closest(key, [self, ...leaves]);
  const shared = sharedPrefix(self, key, 4);
  const entries = [...tables.table.entries()].map((entry) => entry.id).filter((id) => !avoided.has(id));
  const longer = entries.find((id) => sharedPrefix(id, key, 4) > shared);
  if (longer !== undefined) return longer;
  const known = [...leaves, ...entries, ...tables.neighborhood.members().map((node) => node.id)];
  const rare = known.filter((id) => !avoided.has(id) && sharedPrefix(id, key, 4) >= shared && compareDistance(key, id, self) < 0);
  return rare.length === 0 ? undefined : closest(key, rare);
}
