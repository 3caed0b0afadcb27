import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { BACKUPS_MAX } from './backups.ts';
import { DEFAULT_PASTRY_CONFIG } from './config.ts';
import { fillTables, standingRing } from './fill-tables.ts';
import { LeafSet } from './leaf-set.ts';
import { RoutingTable } from './routing-table.ts';
import { randomNodes } from './testing/nodes.ts';

const config = DEFAULT_PASTRY_CONFIG;

describe('filled tables', () => {
  it('are those of a node that has met everyone', () => {
    const rng = seededRng(4);
    const ring = randomNodes(rng, 300);
    const places = new Map(ring.map((node) => [node.id, rng.next() * 1_000]));
    const distanceMs = (a: { id: string }, b: { id: string }): number => Math.abs(places.get(a.id as never)! - places.get(b.id as never)!);
    for (const index of [0, 17, 299]) {
      const self = ring[index]!;
      const proximityMs = (place: number): number => distanceMs(self, ring[place]!);
      const filled = fillTables({ ring: standingRing(ring, config.digitBits), index, proximityMs, config, candidatesMax: Infinity, rng });
      const [leafSet, table] = [new LeafSet(self.id, config.leafSetSize), new RoutingTable(self.id, config.digitBits)];
      for (const node of ring) {
        if (node === self) continue;
        leafSet.insert(node);
        table.offer(node, distanceMs(self, node));
      }
      expect(filled.leaves.map((leaf) => leaf.id)).toEqual(leafSet.members.map((leaf) => leaf.id));
      expect(new Set(filled.entries.map(({ handle }) => handle.id))).toEqual(new Set([...table.entries()].map((entry) => entry.id)));
      // The next nearest of a slot that many fit.
      const rest = ring.filter((node) => node !== self && table.slotOf(node.id).row === 0 && !table.has(node.id));
      const column = table.slotOf(rest[0]!.id).column;
      const next = rest.filter((node) => table.slotOf(node.id).column === column).sort((a, b) => distanceMs(self, a) - distanceMs(self, b));
      expect(filled.backups.filter(({ handle }) => handle.id[0] === rest[0]!.id[0]).map(({ handle }) => handle.id)).toEqual(next.slice(0, BACKUPS_MAX).map(({ id }) => id));
    }
  });

  it('are small in a small ring', () => {
    const ring = randomNodes(seededRng(1), 2);
    const query = { ring: standingRing(ring, config.digitBits), index: 0, proximityMs: () => 1, config, candidatesMax: 16, rng: seededRng(2) };
    expect(fillTables(query).leaves).toEqual([ring[1]]);
    expect(fillTables({ ...query, ring: standingRing(ring.slice(0, 1), config.digitBits) })).toEqual({ leaves: [], entries: [], backups: [], neighborhood: [] });
  });
});
