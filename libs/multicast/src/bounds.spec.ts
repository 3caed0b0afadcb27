import assert from 'node:assert/strict';
import { exceeded } from '@banyan/sansio';
import { describe, it } from 'vitest';
import type { EpochRecord } from './epoch.ts';
import { idAt, LoneNode, nodeAt, saidTo } from './testing/lone-node.ts';
import { descriptorOf } from './testing/scene.ts';

const GROUP = idAt('f0');
const [SELF, OTHER, THIRD] = [nodeAt('f0'), nodeAt('f1'), nodeAt('f2')] as const;
const DESCRIPTOR = descriptorOf(GROUP);
const RECORD: EpochRecord = { epoch: { counter: 1, root: SELF.id, incarnation: 1 }, root: SELF, voters: [SELF, OTHER, THIRD], firstSequence: 1, lineage: [] };

function sizeOf(node: LoneNode, name: string): number | undefined {
  return node.machine.bounds().find((bound) => bound.name === name)?.size;
}

describe('what a node keeps', () => {
  it('is no more for a publisher that starts its flow again and again while there is no quorum', () => {
    const node = new LoneNode(SELF, [OTHER, THIRD]);
    node.hear(OTHER, { type: 'catchUp', group: GROUP, ballot: RECORD.epoch, record: RECORD, descriptor: DESCRIPTOR });
    node.hear(OTHER, { type: 'record', group: GROUP, record: RECORD, descriptor: DESCRIPTOR });
    node.give({ type: 'linkUp', peer: THIRD, link: 1, dialled: true });
    for (let round = 0; round < 20; round++) {
      const [grant] = saidTo(node.hear(THIRD, { type: 'findRoot', group: GROUP, publisher: THIRD, next: 1 }), 'publishGrant');
      const flow = grant!.body.flow;
      for (let counter = 1; counter <= 10; counter++) {
        node.receive(THIRD, 1, { type: 'batch', group: GROUP, flow, isOldest: counter === 1, block: { client: 'c', session: 's', counter, count: 1, payload: '', bytes: 100 } });
      }
    }
    assert.equal(sizeOf(node, 'receipts owed'), 10);
    assert.equal(exceeded(node.machine.bounds()), undefined);
  });

  it('of a subscription that found no root is nothing', () => {
    const node = new LoneNode(OTHER, [SELF], { rootSearchMs: 2_000 });
    node.give({ type: 'command', command: { type: 'subscribe', subscription: 1, group: GROUP, start: { type: 'latest' }, windowBytes: 1_000 } });
    assert.equal(sizeOf(node, 'subscriptions'), 1);
    node.wait(5_000);
    assert.equal(sizeOf(node, 'subscriptions'), 0);
  });

  it('of strangers stays within its bound while thousands ask', () => {
    const node = new LoneNode(SELF, [OTHER]);
    for (let i = 0; i < 5_000; i++) node.hear(nodeAt(i.toString(16).padStart(8, '0')), { type: 'inquire', group: idAt(`aa${i.toString(16)}`) });
    assert.equal(exceeded(node.machine.bounds()), undefined);
    assert.equal(sizeOf(node, 'askers for unknown groups'), 1_024);
  });
});
