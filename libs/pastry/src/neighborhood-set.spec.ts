import { describe, expect, it } from 'vitest';
import { NeighborhoodSet } from './neighborhood-set.ts';
import { handleOf, idOf } from './testing/nodes.ts';

describe('a neighborhood set', () => {
  it('keeps the nearest, nearest first', () => {
    const set = new NeighborhoodSet(3);
    for (const [prefix, proximityMs] of [['1', 40], ['2', 10], ['3', 30], ['4', 20], ['5', 90]] as const) set.offer(handleOf(idOf(prefix)), proximityMs);
    expect(set.members().map((node) => node.id)).toEqual([idOf('2'), idOf('4'), idOf('3')]);
    expect([set.wants(29), set.wants(30)]).toEqual([true, false]);
  });

  it('moves a node whose distance changed and forgets one that is gone', () => {
    const set = new NeighborhoodSet(3);
    set.offer(handleOf(idOf('1')), 10);
    set.offer(handleOf(idOf('2')), 20);
    set.offer(handleOf(idOf('1')), 30);
    expect(set.members().map((node) => node.id)).toEqual([idOf('2'), idOf('1')]);
    set.remove(idOf('2'));
    expect([set.size, set.has(idOf('2'))]).toEqual([1, false]);
  });
});
