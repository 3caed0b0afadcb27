import { deepEqual } from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { EpochRecord } from './epoch.ts';
import { idAt, LoneNode, nodeAt, saidTo } from './testing/lone-node.ts';
import { descriptorOf } from './testing/scene.ts';

const GROUP = idAt('f0');
const [SELF, ROOT, VOTER] = [nodeAt('a1'), nodeAt('f0'), nodeAt('f2')] as const;
const DESCRIPTOR = descriptorOf(GROUP);
const RECORD: EpochRecord = { epoch: { counter: 1, root: ROOT.id, incarnation: 1 }, root: ROOT, voters: [ROOT, VOTER, SELF], firstSequence: 1, lineage: [] };

describe('the first message of a publisher', () => {
  it('has the voters asked for the root where the node has a place in the tree: the owner of the key may just have died', () => {
    const node = new LoneNode(SELF, [ROOT, VOTER]);
    node.hear(ROOT, { type: 'catchUp', group: GROUP, ballot: RECORD.epoch, record: RECORD, descriptor: DESCRIPTOR });
    node.hear(ROOT, { type: 'record', group: GROUP, record: RECORD, descriptor: DESCRIPTOR });
    const said = node.give({ type: 'command', command: { type: 'publish', group: GROUP, client: 'c', session: 's', counter: 1, count: 1, payload: '', bytes: 1 } });
    deepEqual(
      saidTo(said, 'findRoot').map(({ to }) => to),
      [ROOT.id, VOTER.id, `key ${GROUP}`],
    );
  });
});
