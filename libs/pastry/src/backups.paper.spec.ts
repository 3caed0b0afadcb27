import { describe, expect, it } from 'vitest';
import { Backups } from './backups.ts';
import { DEFAULT_PASTRY_CONFIG } from './config.ts';
import { RoutingTable } from './routing-table.ts';
import { Tables } from './tables.ts';
import { handleOf, idOf } from './testing/nodes.ts';

const ids = (nodes: readonly { readonly id: string }[]): readonly string[] => nodes.map(({ id }) => id);

describe('Zhao et al. 2004, §3.1: an entry has backups', () => {
  it('the nearest four that fit its slot, nearest first', () => {
    const backups = new Backups(new RoutingTable(idOf('80'), 4));
    for (const [prefix, ms] of [['31', 40], ['32', 20], ['33', 30], ['34', 50], ['35', 45], ['41', 10]] as const) backups.offer(handleOf(idOf(prefix)), ms);
    expect(ids(backups.for(idOf('3f')))).toEqual([idOf('32'), idOf('33'), idOf('31'), idOf('35')]);
    expect(ids(backups.for(idOf('4f')))).toEqual([idOf('41')]);
    expect(backups.size).toBe(5);
    backups.offer(handleOf(idOf('32')), 60);
    expect(ids(backups.for(idOf('3f')))).toEqual([idOf('33'), idOf('31'), idOf('35'), idOf('32')]);
    backups.remove(idOf('33'));
    backups.remove(idOf('36'));
    expect(ids(backups.for(idOf('3f')))).toEqual([idOf('31'), idOf('35'), idOf('32')]);
  });

  it('whoever gives way to a nearer node is one, and whoever becomes the entry is none', () => {
    const tables = new Tables(handleOf(idOf('80')), DEFAULT_PASTRY_CONFIG);
    tables.offer(handleOf(idOf('31')), 30);
    tables.offer(handleOf(idOf('32')), 20);
    tables.offer(handleOf(idOf('33')), 25);
    tables.offer(handleOf(idOf('34')), undefined);
    expect([tables.table.entryFor(idOf('3f'))?.id, ids(tables.backups.for(idOf('3f')))]).toEqual([idOf('32'), [idOf('33'), idOf('31')]]);
    tables.remove(idOf('32'));
    tables.offer(handleOf(idOf('33')), 25);
    expect([tables.table.entryFor(idOf('3f'))?.id, ids(tables.backups.for(idOf('3f')))]).toEqual([idOf('33'), [idOf('31')]]);
    tables.remove(idOf('31'));
    expect(tables.backups.size).toBe(0);
  });
});
