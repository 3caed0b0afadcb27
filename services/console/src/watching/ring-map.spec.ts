import type { RingNode } from '@banyan/client';
import { parseId, type Id } from '@banyan/ids';
import { describe, expect, it } from 'vitest';
import { RingMap } from './ring-map.ts';
import { toWatchNext, WATCHED_MAX } from './watch-choice.ts';

const idOf = (number: number): Id => {
  const id = parseId((number * 2_654_435_761 % 2 ** 32).toString(16).padStart(8, '0').padEnd(32, '0'));
  if (id === undefined) throw new Error('no id');
  return id;
};
const node = (number: number, incarnation = 1n): RingNode => ({ id: idOf(number), incarnation, controlAddress: '', dataAddress: '', apiAddress: `h:${number}`, region: 'r', zone: '', capacity: 8 });
const leafOf = (number: number): RingNode => ({ ...node(number), apiAddress: undefined });
const listed = (number: number, ageMs = 0, incarnation = 1n) => ({ node: node(number, incarnation), ageMs, load: 0, ready: true });

describe('the map of the ring', () => {
  it('takes a dead node off when no watched neighbor holds it, though its lease goes on', () => {
    const map = new RingMap();
    map.list([1, 2, 3].map((number) => listed(number)), 0);
    map.leaves(node(1), true, [leafOf(2), leafOf(3)], 1);
    map.leaves(node(2), true, [leafOf(1), leafOf(3)], 1);
    map.leaves(node(1), true, [leafOf(2)], 10);
    expect(map.size).toBe(3);
    map.leaves(node(2), true, [leafOf(1)], 11);
    expect(map.size).toBe(2);
    map.list([1, 2, 3].map((number) => listed(number, 20)), 21);
    map.leaves(node(2), true, [leafOf(1), leafOf(3)], 22); // has not noticed
    expect(map.size).toBe(2);
    map.list([listed(3, 0, 2n)], 40);
    expect(map.node(idOf(3))?.incarnation).toBe('2');
  });

  it('tells what changed once, and what it means', () => {
    const map = new RingMap();
    map.list([listed(1)], 0);
    expect(map.takeChange().news).toEqual([{ type: 'came', id: idOf(1), region: 'r' }]);
    map.list([listed(1)], 1);
    expect(map.takeChange()).toEqual({ upsert: [], gone: [], news: [] });
    map.list([listed(1, 0, 2n)], 2);
    expect(map.takeChange().news.map(({ type }) => type)).toEqual(['restarted']);
    map.list([], 3);
    expect(map.takeChange()).toMatchObject({ gone: [idOf(1)], news: [{ type: 'gone' }] });
  });

  it('sees a thousand nodes, most of them through their neighbors, with few of them watched', () => {
    const map = new RingMap();
    const ring = Array.from({ length: 1_000 }, (_, number) => number).sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
    const leavesOf = (position: number) => Array.from({ length: 24 }, (_, leaf) => leafOf(ring[(position + leaf - 12 + (leaf >= 12 ? 1 : 0) + 1_000) % 1_000] ?? 0));
    const watched = new Set<string>();
    for (let look = 0; look < 60; look++) {
      map.list(Array.from({ length: 200 }, (_, turn) => listed((look * 200 + turn) % 1_000)), look);
      for (const id of toWatchNext(map, watched)) {
        watched.add(id);
        const position = ring.findIndex((number) => idOf(number) === id);
        map.leaves(node(ring[position] ?? 0), true, leavesOf(position), look);
      }
    }
    expect(map.size).toBe(1_000);
    expect(watched.size).toBeLessThanOrEqual(WATCHED_MAX);
    expect(ring.filter((number) => map.holders(idOf(number)) === 0 && !watched.has(idOf(number)))).toEqual([]);
  });
});
