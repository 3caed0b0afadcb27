import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { faultOfFrame } from './faults.ts';
import type { Block, Fragment, MulticastFrame } from './frames.ts';
import { SessionTable } from './session-table.ts';
import { idAt, LoneNode, nodeAt } from './testing/lone-node.ts';
import { descriptorOf, Scene } from './testing/scene.ts';

const GROUP = idAt('f0');
const [PARENT, CHILD] = [nodeAt('f1'), nodeAt('11')];
const EPOCH = { counter: 1, root: PARENT.id, incarnation: 1 };
const RECORD = { epoch: EPOCH, root: PARENT, voters: [PARENT], firstSequence: 1, lineage: [] };
const LIMITS = { sessionsMax: 4, receiptsMax: 8 };

const part = (counter: number, fragment?: Fragment): Block => ({ client: 'c', session: 's', counter, count: 1, payload: counter, bytes: 1_000, ...(fragment === undefined ? {} : { fragment }) });
const numbered = (sequence: number, block: Block): Extract<MulticastFrame, { type: 'stamped' }> => ({ type: 'stamped', group: GROUP, epoch: EPOCH, firstSequence: sequence, count: 1, committed: sequence, stampMs: sequence, blocks: [block], bytes: block.bytes });

describe('a message larger than a frame', () => {
  it('leaves a forwarder part by part: the first before the second is there', () => {
    const node = new LoneNode(nodeAt('50'), [PARENT, CHILD]);
    node.give({ type: 'command', command: { type: 'subscribe', subscription: 1, group: GROUP, start: { type: 'latest' }, windowBytes: 100_000 } });
    const mark = { epoch: EPOCH, round: 1 };
    node.hear(PARENT, { type: 'graftAck', group: GROUP, descriptor: descriptorOf(GROUP, { delivery: 'ordered' }), record: RECORD, mark, low: 1, next: 1, committed: 1, backups: [] });
    node.give({ type: 'linkUp', peer: PARENT, link: 1, dialled: true });
    node.receive(PARENT, 1, { type: 'begin', group: GROUP, flow: 1, from: 1, record: RECORD, low: 1, committed: 1 });
    node.forward(GROUP, { type: 'join', group: GROUP, child: CHILD, next: 1 }, CHILD, PARENT);
    node.give({ type: 'linkUp', peer: CHILD, link: 2, dialled: false });
    node.hear(CHILD, { type: 'resume', group: GROUP, flow: 1, next: 1, creditBytes: 1_000_000 });
    for (let index = 0; index < 3; index++) {
      const frame = numbered(index + 1, part(index + 1, { index, count: 3 }));
      const sent = node.receive(PARENT, 1, frame).filter((effect) => effect.type === 'fanOut');
      assert.deepEqual(sent, [{ type: 'fanOut', links: [2], frame }], `part ${index}`);
    }
  });

  it('reaches every reader whole and in order when parts are lost on the way and the links break', () => {
    const scene = new Scene({ seed: 5, nodes: 14, loss: 0.05, descriptor: { retentionBytes: 16_777_216 } });
    scene.open();
    scene.ring.run(5_000);
    for (const member of scene.ring.live) scene.subscribe(member);
    scene.ring.run(9_000);
    scene.publish(scene.ring.live[1]!, { batches: 64, parts: 64, bytes: 65_536, everyMs: 20 });
    scene.publish(scene.ring.live[2]!, { batches: 30, everyMs: 40 });
    for (let i = 0; i < 5; i++) scene.ring.after(200 * i, () => scene.ring.breakLinks(() => scene.rng.below(2) === 0));
    scene.ring.run(40_000);
    assert.deepEqual(scene.wrong, []);
    assert.equal(scene.unreceipted(), undefined);
    assert.equal(scene.oracle.unfinished(), undefined);
  });

  it('whose publisher went away is given up by the root once, after ten seconds, and every reader is told', () => {
    const scene = new Scene({ seed: 6, nodes: 10 });
    scene.open();
    scene.ring.run(5_000);
    const readers = scene.ring.live.map((member) => scene.subscribe(member));
    scene.ring.run(9_000);
    scene.publish(scene.ring.live[1]!, { batches: 3, parts: 8 });
    scene.ring.run(18_500);
    assert.equal(scene.notes('message_given_up'), 0);
    scene.ring.run(60_000);
    assert.equal(scene.notes('message_given_up'), 1);
    const told = scene.events.flatMap(({ event }) => (event.type === 'messages' && event.frame.blocks[0]?.fragment?.count === 0 ? [event.subscription] : []));
    assert.deepEqual(told.sort(), readers.sort());
  });

  it('goes on after its root died in the middle', () => {
    const scene = new Scene({ seed: 7, nodes: 12 });
    scene.open();
    scene.ring.run(5_000);
    for (const member of scene.ring.live) scene.subscribe(member);
    scene.ring.run(9_000);
    const root = scene.record()!.root.id;
    scene.publish(scene.ring.live.find((member) => member.handle.id !== root)!, { batches: 40, parts: 40, everyMs: 50 });
    scene.ring.after(1_000, () => scene.crash(root));
    scene.ring.run(60_000);
    assert.deepEqual(scene.wrong, []);
    assert.equal(scene.unreceipted(), undefined);
    assert.equal(scene.notes('message_given_up'), 0);
  });

  it('is given from its first part on to who asks for the last message, wherever he joins', () => {
    const scene = new Scene({ seed: 8, nodes: 12 });
    scene.open();
    scene.ring.run(5_000);
    scene.publish(scene.ring.live[0]!, { batches: 4 });
    scene.ring.run(6_000);
    scene.publish(scene.ring.live[1]!, { batches: 9, parts: 9 });
    scene.ring.run(12_000);
    for (const member of scene.ring.live) scene.subscribe(member, { type: 'last', count: 1 });
    scene.ring.run(30_000);
    const firsts = scene.events.flatMap(({ event }) => (event.type === 'subscribed' ? [event.firstSequence] : []));
    assert.deepEqual(firsts, scene.ring.live.map(() => 5));
  });
});

describe('parts of large messages at the root', () => {
  const table = (...blocks: readonly Block[]): SessionTable => {
    const sessions = new SessionTable();
    blocks.forEach((block, at) => sessions.record(numbered(at + 1, block), 0, LIMITS));
    return sessions;
  };

  it('are taken in their order only', () => {
    const sessions = table(part(1, { index: 0, count: 4 }), part(2, { index: 1, count: 4 }));
    assert.equal(sessions.admit(part(3, { index: 2, count: 4 }), LIMITS).type, 'next');
    assert.equal(sessions.admit(part(3, { index: 3, count: 4 }), LIMITS).type, 'headless');
    assert.equal(sessions.admit(part(3, { index: 2, count: 5 }), LIMITS).type, 'headless');
    assert.equal(sessions.admit(part(4, { index: 2, count: 4 }), LIMITS).type, 'headless');
    assert.equal(sessions.admit(part(2, { index: 1, count: 4 }), LIMITS).type, 'known');
    assert.equal(new SessionTable().admit(part(7, { index: 1, count: 4 }), LIMITS).type, 'headless');
  });

  it('are not taken after the message was given up, and taken again where that was taken back', () => {
    const sessions = table(part(1, { index: 0, count: 4 }), part(2, { index: 0, count: 0 }));
    assert.equal(sessions.admit(part(2, { index: 1, count: 4 }), LIMITS).type, 'headless');
    assert.equal(sessions.admit(part(2), LIMITS).type, 'next');
    assert.deepEqual(sessions.openMessages(), []);
    sessions.truncate(2);
    assert.equal(sessions.admit(part(2, { index: 1, count: 4 }), LIMITS).type, 'next');
    sessions.truncate(1);
    assert.deepEqual(sessions.openMessages(), []);
  });

  it('are remembered by a new voter', () => {
    const heir = new SessionTable();
    heir.adopt(table(part(1, { index: 0, count: 4 })).snapshot(), 2, 0, LIMITS);
    assert.deepEqual(heir.openMessages(), [{ client: 'c', session: 's', nextCounter: 2, newest: 1 }]);
    assert.equal(heir.admit(part(2, { index: 1, count: 4 }), LIMITS).type, 'next');
  });

  it('that are malformed are a fault of the peer', () => {
    const batch = (fragment: Fragment, count = 1): MulticastFrame => ({ type: 'batch', group: GROUP, flow: 1, isOldest: true, block: { ...part(1, fragment), count } });
    assert.equal(faultOfFrame(batch({ index: 1, count: 2 })), undefined);
    for (const bad of [batch({ index: 2, count: 2 }), batch({ index: -1, count: 2 }), batch({ index: 0, count: 0 }), batch({ index: 0, count: 1_025 }), batch({ index: 0, count: 2 }, 3)]) assert.equal(faultOfFrame(bad), 'frame_malformed');
    assert.equal(faultOfFrame(numbered(1, part(1, { index: 0, count: 0 }))), undefined);
  });
});
