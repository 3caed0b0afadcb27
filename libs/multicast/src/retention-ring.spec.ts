import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Epoch, EpochRecord, Sequence } from './epoch.ts';
import type { StampedFrame } from './frames.ts';
import { RetentionRing } from './retention-ring.ts';
import { idAt, nodeAt } from './testing/lone-node.ts';

const ROOT = nodeAt('f1');
const epoch = (counter: number): Epoch => ({ counter, root: ROOT.id, incarnation: 1 });

function frame(firstSequence: Sequence, options: { readonly count?: number; readonly bytes?: number; readonly counter?: number } = {}): StampedFrame {
  const { count = 1, bytes = 36, counter = 1 } = options;
  const block = { client: 'c', session: 's', counter: firstSequence, count, payload: undefined, bytes };
  return { type: 'stamped', group: idAt('f0'), epoch: epoch(counter), firstSequence, count, committed: 1, stampMs: firstSequence, blocks: [block], bytes };
}

function filled(count: number): RetentionRing {
  const ring = new RetentionRing();
  for (let i = 0; i < count; i++) ring.append(frame(1 + 3 * i, { count: 3 }), i);
  return ring;
}

const KEEP_ALL = { now: 0, bytesMax: Infinity, ageMsMax: Infinity, keepFrom: Infinity };

describe('RetentionRing', () => {
  it('finds the frame that holds a sequence, and nothing outside', () => {
    const ring = filled(10);
    assert.deepEqual([0, 1, 3, 4, 30, 31].map((at) => ring.entryFor(at)?.from), [undefined, 1, 1, 4, 28, undefined]);
    assert.deepEqual([ring.low, ring.next, ring.size], [1, 31, 10]);
  });

  it('begins at the frame that holds its start', () => {
    const ring = new RetentionRing(5);
    ring.append(frame(4, { count: 3 }), 0);
    assert.deepEqual([ring.low, ring.next], [4, 7]);
  });

  it('refuses a hole', () => {
    assert.throws(() => filled(2).append(frame(8), 0), /without holes/);
  });

  it('drops the oldest beyond its bytes and its age, and remembers that it had them', () => {
    const ring = filled(10);
    ring.evict({ ...KEEP_ALL, bytesMax: 400 });
    assert.deepEqual([ring.low, ring.floor, ring.bytes], [19, 19, 400]);
    ring.evict({ ...KEEP_ALL, now: 108, ageMsMax: 100 });
    assert.deepEqual([ring.low, ring.floor], [25, 25]);
  });

  it('keeps what is not committed, and the newest, whatever the limits', () => {
    const ring = filled(10);
    ring.evict({ ...KEEP_ALL, bytesMax: 0, keepFrom: 13 });
    assert.equal(ring.low, 13);
    ring.evict({ ...KEEP_ALL, bytesMax: 0 });
    assert.deepEqual([ring.low, ring.size], [28, 1]);
  });

  it('takes older history in front', () => {
    const ring = new RetentionRing(4);
    ring.append(frame(4), 0);
    const older = filled(1);
    ring.prepend(older.entries());
    assert.deepEqual([ring.low, ring.next, ring.entryFor(2)?.from, ring.entryFor(4)?.from], [1, 5, 1, 4]);
  });

  it('is cut before the frame that reaches beyond', () => {
    const ring = filled(10);
    assert.equal(ring.truncate(14), 18);
    assert.deepEqual([ring.next, ring.size, ring.bytes], [13, 4, 400]);
    assert.equal(ring.truncate(100), 0);
  });

  it('finds where another branch began', () => {
    const ring = filled(4);
    ring.append(frame(13, { counter: 2 }), 0);
    ring.append(frame(14, { counter: 2 }), 0);
    const record = (counter: number, firstSequence: number, ...lineage: EpochRecord['lineage']): EpochRecord => ({ epoch: epoch(counter), root: ROOT, voters: [ROOT], firstSequence, lineage });
    const first = { epoch: epoch(1), firstSequence: 1 };
    assert.equal(ring.firstMismatch(record(3, 15, first, { epoch: epoch(2), firstSequence: 13 }), 1, Infinity), undefined);
    assert.equal(ring.firstMismatch(record(3, 14, first, { epoch: epoch(2), firstSequence: 13 }), 1, Infinity), 14);
    assert.equal(ring.firstMismatch(record(3, 10, first), 1, Infinity), 10);
    assert.equal(ring.firstMismatch(record(3, 10, first), 1, 10), undefined, 'only below the limit');
  });

  it('trusts what is older than the lineage only as far as it was committed', () => {
    const ring = filled(4);
    const record: EpochRecord = { epoch: epoch(40), root: ROOT, voters: [ROOT], firstSequence: 100, lineage: [{ epoch: epoch(39), firstSequence: 50 }] };
    assert.equal(ring.firstMismatch(record, 7, Infinity), 7);
    assert.equal(ring.firstMismatch(record, 13, Infinity), undefined);
  });
});
