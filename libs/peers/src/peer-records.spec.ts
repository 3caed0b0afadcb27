import { id } from '@banyan/ids';
import { NOWHERE, type NodeHandle } from '@banyan/kbr';
import { describe, expect, it } from 'vitest';
import { PeerRecords } from './peer-records.ts';

const node = (number: number): NodeHandle => ({ id: id(number.toString(16).padStart(32, '0')), incarnation: 1, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 1 });
const place = { x: -300, y: 200, height: 10, error: 90 };

describe('records of peers', () => {
  it('keep what is known of each while they grow', () => {
    const records = new PeerRecords();
    for (let i = 0; i < 100; i++) {
      records.add(node(i), i);
      const row = records.rowOf(node(i).id)!;
      records.setPlace(row, { ...place, x: i });
      records.roundTrips.add(row, 10 * i);
    }
    for (let i = 0; i < 100; i++) {
      const row = records.rowOf(node(i).id)!;
      expect([records.handle(row).id, records.heardAt(row), records.place(row), records.roundTrips.smoothedMs(row)]).toEqual([node(i).id, i, { ...place, x: i }, 10 * i]);
    }
    expect([...records.ids()]).toEqual(Array.from({ length: 100 }, (_, i) => node(i).id));
  });

  it('know nothing of a newcomer that takes the row of one that was forgotten', () => {
    const records = new PeerRecords();
    records.add(node(1), 5);
    const row = records.rowOf(node(1).id)!;
    records.setPlace(row, place);
    records.roundTrips.add(row, 40);
    records.delete(node(1).id);
    records.add(node(2), 6);
    expect([records.size, records.rowOf(node(1).id), records.rowOf(node(2).id)]).toEqual([1, undefined, row]);
    expect([records.place(row), records.roundTrips.proximityMs(row), records.heardAt(row)]).toEqual([NOWHERE, undefined, 6]);
  });
});
