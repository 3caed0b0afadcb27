import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { MulticastFrame } from './frames.ts';
import type { MulticastMessage } from './messages.ts';
import { idAt, LoneNode, nodeAt } from './testing/lone-node.ts';

const GROUP = idAt('f0');
const PEER = nodeAt('f1');
const EPOCH = { counter: 1, root: PEER.id, incarnation: 1 };
const RECORD = { epoch: EPOCH, root: PEER, voters: [PEER], firstSequence: 1, lineage: [] };
const BLOCK = { client: 'c', session: 's', counter: 1, count: 1, payload: 0, bytes: 1 };
const FRAME = { type: 'stamped' as const, group: GROUP, epoch: EPOCH, firstSequence: 1, count: 1, committed: 1, stampMs: 1, blocks: [BLOCK], bytes: 1 };
const BEAT = { group: GROUP, mark: { epoch: EPOCH, round: 1 }, low: 1, committed: 1, sent: 1 };

const NONSENSE: readonly (readonly [string, MulticastMessage])[] = [
  ['record_malformed', { type: 'known', group: GROUP, record: { ...RECORD, voters: [] }, next: 1 }],
  ['record_malformed', { type: 'known', group: GROUP, record: { ...RECORD, root: nodeAt('f2') }, next: 1 }],
  ['list_too_long', { type: 'beat', down: Array.from({ length: 65 }, () => BEAT), up: [] }],
  ['list_too_long', { type: 'notChild', group: GROUP, redirect: Array.from({ length: 5 }, () => PEER) }],
  ['number_out_of_range', { type: 'resume', group: GROUP, flow: 1, next: -1, creditBytes: 1 }],
  ['number_out_of_range', { type: 'fetch', group: GROUP, from: 1.5, to: 2, bytesMax: 1 }],
];

const BROKEN: readonly (readonly [string, MulticastFrame])[] = [
  ['frame_malformed', { ...FRAME, count: 2 }],
  ['frame_malformed', { ...FRAME, bytes: 7 }],
  ['frame_malformed', { ...FRAME, firstSequence: 0 }],
  ['frame_malformed', { type: 'gap', group: GROUP, from: 5, to: 5, reason: 'EXPIRED' }],
  ['record_malformed', { type: 'epoch', group: GROUP, record: { ...RECORD, firstSequence: 0 } }],
];

describe('a peer that talks nonsense', () => {
  it.each(NONSENSE)('is told of by %s, and changes nothing', (fault, message) => {
    const node = new LoneNode(nodeAt('50'), [PEER]);
    assert.deepEqual(node.hear(PEER, message), [{ type: 'peerFault', peer: PEER, fault }]);
    assert.deepEqual(node.machine.groups(), []);
  });

  it.each(BROKEN)('is told of by %s for a broken frame', (fault, frame) => {
    const node = new LoneNode(nodeAt('50'), [PEER]);
    assert.deepEqual(node.receive(PEER, 1, frame), [{ type: 'peerFault', peer: PEER, fault }]);
  });

  it('gets no say by messages about groups that are not here', () => {
    const node = new LoneNode(nodeAt('50'), [PEER]);
    const sound: MulticastMessage[] = [
      { type: 'graftAck', group: GROUP, descriptor: undefined as never, record: RECORD, mark: { epoch: EPOCH, round: 1 }, low: 1, next: 1, committed: 1, backups: [] },
      { type: 'voterAck', group: GROUP, epoch: EPOCH, next: 9 },
      { type: 'credit', group: GROUP, flow: 1, creditBytes: 1 },
      { type: 'accepted', group: GROUP, ballot: EPOCH },
      { type: 'leave', group: GROUP },
    ];
    for (const message of sound) node.hear(PEER, message);
    assert.deepEqual(node.machine.groups(), []);
  });
});
