import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { EpochRecord } from './epoch.ts';
import { idAt, LoneNode, nodeAt, saidTo } from './testing/lone-node.ts';
import { descriptorOf } from './testing/scene.ts';

const GROUP = idAt('f0');
const [SELF, OTHER, PUBLISHER] = [nodeAt('f0'), nodeAt('f1'), nodeAt('f2')] as const;
const DESCRIPTOR = descriptorOf(GROUP);
const RECORD: EpochRecord = { epoch: { counter: 1, root: SELF.id, incarnation: 1 }, root: SELF, voters: [SELF, OTHER, PUBLISHER], firstSequence: 1, lineage: [] };

/** A root, and what it says to batches with these counters in one flow. */
function root(): (counter: number, isOldest: boolean) => readonly string[] {
  const node = new LoneNode(SELF, [OTHER, PUBLISHER]);
  node.hear(OTHER, { type: 'catchUp', group: GROUP, ballot: RECORD.epoch, record: RECORD, descriptor: DESCRIPTOR });
  node.hear(OTHER, { type: 'record', group: GROUP, record: RECORD, descriptor: DESCRIPTOR });
  node.give({ type: 'linkUp', peer: PUBLISHER, link: 1, dialled: true });
  const [grant] = saidTo(node.hear(PUBLISHER, { type: 'findRoot', group: GROUP, publisher: PUBLISHER, next: 1 }), 'publishGrant');
  const { flow } = grant!.body;
  return (counter, isOldest) => {
    const block = { client: 'c', session: 's', counter, count: 1, payload: '', bytes: 100 };
    const said = node.receive(PUBLISHER, 1, { type: 'batch', group: GROUP, flow, isOldest, block });
    return saidTo(said, 'publishRefused').map(({ body }) => body.reason);
  };
}

describe('batches at the root', () => {
  it('are refused when one before them, in the same flow, was lost on the way', () => {
    const take = root();
    assert.deepEqual([take(1, true), take(3, false), take(2, false), take(3, false)], [[], ['COUNTER_GAP'], [], []]);
  });

  it('are taken with a gap before them when the publisher has receipts for all of it', () => {
    const take = root();
    assert.deepEqual([take(1, true), take(7, true), take(8, false)], [[], [], []]);
  });
});
