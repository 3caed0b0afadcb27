import { digitAt, sharedPrefix, type DigitBits, type Id } from '@banyan/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RoutingTable } from './routing-table.ts';
import { arbitraryId, handleOf, idOf } from './testing/nodes.ts';

const arbitraryBits = fc.constantFrom<DigitBits>(1, 2, 3, 4);

describe('a routing table', () => {
  it('holds in each slot the nearest node that belongs there', () => {
    const offers = fc.array(fc.record({ id: arbitraryId, proximityMs: fc.integer({ min: 1, max: 50 }) }), { maxLength: 60 });
    fc.assert(
      fc.property(arbitraryId, arbitraryBits, offers, (self, b, offered) => {
        const table = new RoutingTable(self, b);
        const nearest = new Map<string, { id: Id; proximityMs: number }>();
        const distances = new Map<Id, number>();
        for (const { id, proximityMs: drawn } of offered) {
          if (id === self) continue;
          const proximityMs = distances.get(id) ?? drawn;
          distances.set(id, proximityMs);
          table.offer(handleOf(id), proximityMs);
          const row = sharedPrefix(self, id, b);
          const slot = `${row}:${digitAt(id, row, b)}`;
          const present = nearest.get(slot);
          if (present === undefined || proximityMs < present.proximityMs) nearest.set(slot, { id, proximityMs });
        }
        expect(new Set([...table.entries()].map((entry) => entry.id))).toEqual(new Set([...nearest.values()].map(({ id }) => id)));
        expect(table.size).toBe(nearest.size);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('never keeps self, and wants only what is nearer or missing', () => {
    const table = new RoutingTable(idOf('80'), 4);
    expect(table.offer(handleOf(idOf('80')), 1)).toBe(false);
    expect(table.wants(idOf('10'), undefined)).toBe(true);
    table.offer(handleOf(idOf('10')), 20);
    expect(table.wants(idOf('11'), undefined)).toBe(false);
    expect(table.wants(idOf('11'), 20)).toBe(false);
    expect(table.wants(idOf('11'), 19)).toBe(true);
    expect(table.wants(idOf('80'), 1)).toBe(false);
  });

  it('lets a measured node replace one that was never measured', () => {
    const table = new RoutingTable(idOf('80'), 4);
    table.offer(handleOf(idOf('10')), undefined);
    expect(table.offer(handleOf(idOf('11')), undefined)).toBe(false);
    expect(table.offer(handleOf(idOf('11')), 500)).toBe(true);
    expect(table.entryFor(idOf('1f'))?.id).toBe(idOf('11'));
  });

  it('takes a newer measurement and a newer life of its entry, not an older life', () => {
    const table = new RoutingTable(idOf('80'), 4);
    table.offer(handleOf(idOf('10'), 2), 20);
    expect(table.offer(handleOf(idOf('10'), 1), 1)).toBe(false);
    table.offer(handleOf(idOf('10'), 3), 60);
    expect(table.get(idOf('10'))?.incarnation).toBe(3);
    expect(table.wants(idOf('11'), 59)).toBe(true);
  });

  it('is as deep as its last row with an entry', () => {
    const table = new RoutingTable(idOf('80'), 4);
    table.offer(handleOf(idOf('8001')), 1);
    expect([table.depth, table.row(3).length, table.row(1).length, table.row(9).length]).toEqual([4, 1, 0, 0]);
    table.offer(handleOf(idOf('10')), 1);
    expect(table.remove(idOf('8001'))).toEqual({ row: 3, column: 1 });
    expect(table.depth).toBe(1);
    expect(table.remove(idOf('8001'))).toBeUndefined();
  });
});
