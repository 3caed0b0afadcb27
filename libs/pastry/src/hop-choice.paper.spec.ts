import { sharedPrefix, type Id } from '@banyan/ids';
import { NOWHERE, type Coordinate, type Hop, type NodeHandle } from '@banyan/kbr';
import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PASTRY_CONFIG } from './config.ts';
import { Density } from './density.ts';
import { fillTables, standingRing } from './fill-tables.ts';
import { HopChoice } from './hop-choice.ts';
import { makesProgress, nextHop } from './next-hop.ts';
import { Tables } from './tables.ts';
import { handleOf, idOf, randomNodes } from './testing/nodes.ts';

const nobody = (): boolean => false;
const CONFIG = { ...DEFAULT_PASTRY_CONFIG, leafSetSize: 4 };

function choiceOf(tables: Tables, distances: ReadonlyMap<Id, number> = new Map(), places: ReadonlyMap<Id, Coordinate> = new Map()): HopChoice {
  const peers = { proximityMs: (peer: Id) => distances.get(peer), placeOf: (peer: Id) => places.get(peer) ?? NOWHERE, place: NOWHERE };
  return new HopChoice({ tables, peers, density: new Density(tables.leafSet), leafSetSize: CONFIG.leafSetSize });
}

// So many milliseconds from the origin.
const placeAt = (xMs: number): Coordinate => ({ x: 100 * xMs, y: 0, height: 0, error: 100 });

// A node with leaves next to it, so that the ring seems large, and one far entry for the key 3…
function crowded(): Tables {
  const tables = new Tables(handleOf(idOf('80')), CONFIG);
  for (const prefix of ['8001', '8002', '7fff', '7ffe']) tables.insertLeaf(handleOf(idOf(prefix)));
  tables.offer(handleOf(idOf('30')), 100);
  tables.offer(handleOf(idOf('81')), 10);
  return tables;
}

const hopTo = (to: NodeHandle): Hop => ({ to, rule: 'routing-table', row: 0, column: 3 });

describe('proximity route selection', () => {
  it('takes a near neighbor that shares a longer prefix rather than a far table entry', () => {
    const tables = crowded();
    tables.neighborhood.offer(handleOf(idOf('3a')), 5);
    const distances = new Map([[idOf('30'), 100], [idOf('3a'), 5]]);
    expect(choiceOf(tables, distances).best(idOf('3f'), hopTo(handleOf(idOf('30'))), nobody)).toEqual({ to: handleOf(idOf('3a')), rule: 'routing-table' });
  });

  it('takes a backup of the entry that is a little farther from here and spares a hop, unless it may be dead', () => {
    const tables = crowded();
    tables.backups.offer(handleOf(idOf('3f0')), 120);
    const distances = new Map([[idOf('30'), 100], [idOf('3f0'), 120], [idOf('81'), 10]]);
    const hop = hopTo(handleOf(idOf('30')));
    // Rows farther down are worth what our own second row is: one hop of 200 ms.
    tables.table.offer(handleOf(idOf('87')), 200);
    expect(choiceOf(tables, distances).best(idOf('3f01'), hop, nobody).to).toEqual(handleOf(idOf('3f0')));
    expect(choiceOf(tables, distances).best(idOf('3f01'), hop, (peer) => peer.id === idOf('3f0'))).toBe(hop);
  });

  it('takes a backup of the entry that is a little farther from here and in the midst of all, for the root may be anyone', () => {
    const tables = crowded();
    tables.backups.offer(handleOf(idOf('3b')), 120);
    const distances = new Map([[idOf('30'), 100], [idOf('3b'), 120]]);
    const leaves = tables.leafSet.members.map(({ id }, index): readonly [Id, Coordinate] => [id, placeAt(10 * index)]);
    const choose = (entryMs: number, backupMs: number): NodeHandle => {
      const places = new Map([...leaves, [idOf('30'), placeAt(entryMs)], [idOf('3b'), placeAt(backupMs)]]);
      return choiceOf(tables, distances, places).best(idOf('3f'), hopTo(handleOf(idOf('30'))), nobody).to;
    };
    expect(choose(-300, 0)).toEqual(handleOf(idOf('3b')));
    expect(choose(0, -300)).toEqual(handleOf(idOf('30')));
    expect(choose(0, 0)).toEqual(handleOf(idOf('30')));
  });

  it('keeps the table entry when no other makes progress or all others are avoided', () => {
    const tables = crowded();
    tables.neighborhood.offer(handleOf(idOf('3a')), 5);
    tables.neighborhood.offer(handleOf(idOf('90')), 1);
    const distances = new Map([[idOf('30'), 100], [idOf('3a'), 5], [idOf('90'), 1]]);
    const hop = hopTo(handleOf(idOf('30')));
    expect(choiceOf(tables, distances).best(idOf('3f'), hop, (peer) => peer.id === idOf('3a'))).toBe(hop);
  });
});

describe('Rowstron & Druschel 2001, §2.2: randomized routing', () => {
  it('spreads a repeated message over nodes that all make progress', () => {
    const rng = seededRng(3);
    const ring = randomNodes(rng, 400);
    const self = ring[7]!;
    const tables = new Tables(self, DEFAULT_PASTRY_CONFIG);
    const filled = fillTables({ ring: standingRing(ring, DEFAULT_PASTRY_CONFIG.digitBits), index: 7, proximityMs: () => 1, config: DEFAULT_PASTRY_CONFIG, candidatesMax: 4, rng });
    for (const leaf of filled.leaves) tables.insertLeaf(leaf);
    for (const { handle, proximityMs } of filled.entries) tables.offer(handle, proximityMs);
    const key = ring.find(({ id }) => sharedPrefix(id, self.id, 4) === 0)!.id;
    const hop = nextHop(tables, { key, avoid: nobody })!;
    const taken = Array.from({ length: 200 }, () => choiceOf(tables).any(hop, { key, rng }, nobody).to);
    expect(new Set(taken.map(({ id }) => id)).size).toBeGreaterThan(2);
    for (const to of taken) expect(makesProgress(tables, key, to)).toBe(true);
  });
});

describe('Rowstron & Druschel 2001, §2.5: density of ids', () => {
  it('tells how large the ring is, within the spread of the leaves', () => {
    const rng = seededRng(4);
    const ring = randomNodes(rng, 2_000);
    const guesses = Array.from({ length: 50 }, (_, i) => {
      const index = 40 * i;
      const tables = new Tables(ring[index]!, DEFAULT_PASTRY_CONFIG);
      const { leaves } = fillTables({ ring: standingRing(ring, DEFAULT_PASTRY_CONFIG.digitBits), index, proximityMs: () => 1, config: DEFAULT_PASTRY_CONFIG, candidatesMax: 1, rng });
      for (const leaf of leaves) tables.insertLeaf(leaf);
      return new Density(tables.leafSet).nodes();
    }).sort((a, b) => a - b);
    expect(guesses[25]).toBeGreaterThan(1_700);
    expect(guesses[25]).toBeLessThan(2_400);
  });
});
