import { compareDistance, randomId, sharedPrefix, type Id } from '@banyan/ids';
import type { HopRule } from '@banyan/kbr';
import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PASTRY_CONFIG } from './config.ts';
import { fillTables, standingRing } from './fill-tables.ts';
import { nextHop } from './next-hop.ts';
import { Tables } from './tables.ts';
import { handleOf, idOf, randomNodes } from './testing/nodes.ts';
import { TestRing } from './testing/ring.ts';

const nobody = (): boolean => false;

// Routes over tables alone, without messages: what the paper's simulations of routes count.
function routes(options: { readonly nodes: number; readonly leafSetSize: number; readonly keys: number; readonly seed: number }) {
  const rng = seededRng(options.seed);
  const config = { ...DEFAULT_PASTRY_CONFIG, leafSetSize: options.leafSetSize };
  const ring = randomNodes(rng, options.nodes);
  const states = new Map<Id, Tables>();
  ring.forEach((self, index) => {
    const tables = new Tables(self, config);
    const filled = fillTables({ ring: standingRing(ring, config.digitBits), index, proximityMs: () => 1, config, candidatesMax: 1, rng });
    for (const leaf of filled.leaves) tables.insertLeaf(leaf);
    for (const { handle, proximityMs } of filled.entries) tables.table.offer(handle, proximityMs);
    states.set(self.id, tables);
  });
  const hops: number[] = [];
  const rules = new Map<HopRule, number>();
  for (let i = 0; i < options.keys; i++) {
    const key = randomId(rng);
    let at = rng.pick(ring)!.id;
    let count = 0;
    for (;;) {
      const hop = nextHop(states.get(at)!, { key, avoid: nobody })!;
      rules.set(hop.rule, (rules.get(hop.rule) ?? 0) + 1);
      if (hop.rule === 'self') break;
      at = hop.to.id;
      count++;
    }
    hops.push(count);
  }
  const entries = [...states.values()].map((tables) => tables.table.size);
  return { hops, rules, entries };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('Rowstron & Druschel 2001', () => {
  it('§2.1: about ceil(log_16 N) rows of 15 entries are populated', () => {
    const { entries } = routes({ nodes: 2_000, leafSetSize: 16, keys: 1, seed: 1 });
    const bound = Math.ceil(Math.log(2_000) / Math.log(16)) * 15;
    expect(mean(entries)).toBeLessThanOrEqual(bound);
    expect(mean(entries)).toBeGreaterThan(bound * 0.7);
  });

  it('§2.3, case 1: a key between the farthest leaves goes to the numerically closest one', () => {
    const tables = new Tables(handleOf(idOf('80')), { ...DEFAULT_PASTRY_CONFIG, leafSetSize: 4 });
    for (const prefix of ['81', '83', '7f', '7d']) tables.insertLeaf(handleOf(idOf(prefix)));
    tables.offer(handleOf(idOf('823')), 1);
    expect(nextHop(tables, { key: idOf('822'), avoid: nobody })).toMatchObject({ to: { id: idOf('83') }, rule: 'leaf-set' });
  });

  it('§2.3, case 2: any other key goes to the entry that shares one more digit', () => {
    const tables = new Tables(handleOf(idOf('80')), { ...DEFAULT_PASTRY_CONFIG, leafSetSize: 4 });
    for (const prefix of ['81', '82', '7f', '7e']) tables.insertLeaf(handleOf(idOf(prefix)));
    tables.offer(handleOf(idOf('3a')), 1);
    expect(nextHop(tables, { key: idOf('31'), avoid: nobody })).toMatchObject({ to: { id: idOf('3a') }, rule: 'routing-table', row: 0, column: 3 });
  });

  it('§2.3, case 3: without such an entry any known node that shares as long a prefix and is closer', () => {
    const tables = new Tables(handleOf(idOf('8000')), { ...DEFAULT_PASTRY_CONFIG, leafSetSize: 4 });
    for (const prefix of ['8100', '8200', '7f00', '7e00']) tables.insertLeaf(handleOf(idOf(prefix)));
    tables.neighborhood.offer(handleOf(idOf('86')), 1);
    tables.offer(handleOf(idOf('90')), 1);
    const hop = nextHop(tables, { key: idOf('88'), avoid: nobody })!;
    expect(hop).toMatchObject({ to: { id: idOf('86') }, rule: 'rare-case' });
    expect(sharedPrefix(hop.to.id, idOf('88'), 4)).toBeGreaterThanOrEqual(sharedPrefix(idOf('8000'), idOf('88'), 4));
    expect(compareDistance(idOf('88'), hop.to.id, idOf('8000'))).toBeLessThan(0);
  });

  it('§2.3: the third case comes in fewer than 2 % of routes for |L| = 2^b and 0.6 % for |L| = 2 · 2^b', () => {
    for (const [leafSetSize, share] of [[16, 0.02], [32, 0.006]] as const) {
      const { rules } = routes({ nodes: 2_000, leafSetSize, keys: 5_000, seed: 2 });
      expect((rules.get('rare-case') ?? 0) / 5_000).toBeLessThan(share);
    }
  });

  it('§4.1, Fig. 4: the mean number of hops follows log_16 N and none takes more than its ceiling', () => {
    for (const nodes of [500, 5_000]) {
      const { hops } = routes({ nodes, leafSetSize: 16, keys: 5_000, seed: 3 });
      const digits = Math.log(nodes) / Math.log(16);
      expect(Math.abs(mean(hops) - digits)).toBeLessThan(0.35);
      expect(Math.max(...hops)).toBeLessThanOrEqual(Math.ceil(digits));
    }
  });

  it('§2.2: an application is asked before every hop and told at the root', () => {
    const ring = TestRing.joined(40, { seed: 6, config: { leafSetSize: 8 } });
    const upcalls: string[] = [];
    ring.upcall = (at, type) => upcalls.push(`${type} ${at}`);
    const key = randomId(ring.rng);
    const origin = ring.live()[0]!;
    ring.input(origin, { type: 'route', app: 'test', key, body: 0, explain: true });
    ring.run(ring.now + 2_000);
    const { envelope, at } = ring.deliveries[0]!;
    expect(upcalls).toEqual([...envelope.record!.map((hop) => `forward ${hop.at}`), `deliver ${at}`]);
  });
});
