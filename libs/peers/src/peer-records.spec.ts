import { id, type Id } from '@banyan/ids';
import { NOWHERE, type NodeHandle } from '@banyan/kbr';
import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { PeerRecords } from './peer-records.ts';

const node = (number: number): NodeHandle => ({ id: id(number.toString(16).padStart(32, '0')), incarnation: 1, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 1 });
const place = { x: -300, y: 200, height: 10, error: 90 };

const all = { max: Infinity, keeps: () => true };

describe('records of peers', () => {
  it('keep what is known of each while they grow', () => {
    const records = new PeerRecords();
    for (let i = 0; i < 100; i++) {
      records.add(node(i), i, all);
      const row = records.rowOf(node(i).id)!;
      records.setPlace(row, { ...place, x: i });
      records.roundTrips.add(row, 10 * i);
    }
    for (let i = 0; i < 100; i++) {
      const row = records.rowOf(node(i).id)!;
      expect([records.handle(row).id, records.heardAt(row), records.place(row), records.roundTrips.smoothedMs(row)]).toEqual([node(i).id, i, { ...place, x: i }, 10 * i]);
    }
    expect(records.rows().map((row) => records.handle(row).id)).toEqual(Array.from({ length: 100 }, (_, i) => node(i).id));
  });

  it('know nothing of a newcomer that takes the row of one that was forgotten', () => {
    const records = new PeerRecords();
    const one = { max: 1, keeps: () => false };
    records.add(node(1), 5, one);
    const row = records.rowOf(node(1).id)!;
    records.setPlace(row, place);
    records.roundTrips.add(row, 40);
    records.add(node(2), 6, one);
    expect([records.size, records.rowOf(node(1).id), records.rowOf(node(2).id)]).toEqual([1, undefined, row]);
    expect([records.place(row), records.roundTrips.proximityMs(row), records.heardAt(row)]).toEqual([NOWHERE, undefined, 6]);
  });

  it('forget the one known longest of those that are not needed, and none where all are', () => {
    const records = new PeerRecords();
    const needed = new Set([1, 3].map((number) => node(number).id));
    const rule = { max: 4, keeps: (peer: Id) => needed.has(peer) };
    for (let i = 1; i <= 4; i++) records.add(node(i), i, rule);
    const known = (): readonly number[] => records.rows().map((row) => Number.parseInt(records.handle(row).id, 16));
    records.add(node(5), 5, rule);
    expect(known()).toEqual([3, 4, 1, 5]);
    records.add(node(6), 6, rule);
    expect(known()).toEqual([1, 5, 3, 6]);
    for (const number of [5, 6]) needed.add(node(number).id);
    records.add(node(7), 7, rule);
    expect(new Set(known())).toEqual(new Set([1, 3, 5, 6, 7]));
  });

  it.each([1, 2, 3])('find whom they know and nobody else, whoever came and went (seed %i)', (seed) => {
    const rng = seededRng(seed);
    const records = new PeerRecords();
    const model = new Map<Id, number>();
    for (let i = 0; i < 2_000; i++) {
      // Few digits, so that many begin and end alike.
      const handle = node(rng.below(16) * 2 ** 40 + rng.below(64));
      if (model.has(handle.id)) continue;
      records.add(handle, i, { max: 60, keeps: (peer) => Number.parseInt(peer.slice(-2), 16) % 3 === 0 });
      model.set(handle.id, i);
      const present = new Set(records.rows().map((row) => records.handle(row).id));
      for (const id of model.keys()) if (!present.has(id)) model.delete(id);
      expect(records.size).toBe(model.size);
      const wrong = [...model].filter(([id, heardAt]) => records.heardAt(records.rowOf(id) ?? NaN) !== heardAt);
      expect(wrong).toEqual([]);
      expect(records.rowOf(node((i + 1) * 2 ** 44).id)).toBeUndefined();
    }
  });
});
