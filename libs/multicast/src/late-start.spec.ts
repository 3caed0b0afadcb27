import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { MulticastFrame } from './frames.ts';
import { idAt, LoneNode, nodeAt, saidTo } from './testing/lone-node.ts';
import { descriptorOf, Scene } from './testing/scene.ts';

const GROUP = idAt('f0');
const [PARENT, ASKER] = [nodeAt('f1'), nodeAt('11')];
const EPOCH = { counter: 1, root: PARENT.id, incarnation: 1 };
const RECORD = { epoch: EPOCH, root: PARENT, voters: [PARENT], firstSequence: 1, lineage: [] };

function stamped(firstSequence: number, stampMs: number): MulticastFrame {
  const block = { client: 'c', session: 's', counter: firstSequence, count: 1, payload: 0, bytes: 1 };
  return { type: 'stamped', group: GROUP, epoch: EPOCH, firstSequence, count: 1, committed: firstSequence, stampMs, blocks: [block], bytes: 1 };
}

/** A forwarder whose history begins at sequence 5 of a group that keeps more. */
function forwarder(): LoneNode {
  const node = new LoneNode(nodeAt('50'), [PARENT, ASKER]);
  node.give({ type: 'command', command: { type: 'subscribe', subscription: 1, group: GROUP, start: { type: 'latest' }, windowBytes: 1_000 } });
  node.hear(PARENT, { type: 'graftAck', group: GROUP, descriptor: descriptorOf(GROUP), record: RECORD, mark: { epoch: EPOCH, round: 1 }, low: 1, next: 5, committed: 5, backups: [] });
  node.give({ type: 'linkUp', peer: PARENT, link: 1, dialled: true });
  node.receive(PARENT, 1, { type: 'begin', group: GROUP, flow: 1, from: 5, record: RECORD, low: 1, committed: 5 });
  for (const [sequence, stampMs] of [[5, 500], [6, 600], [7, 700]] as const) node.receive(PARENT, 1, stamped(sequence, stampMs));
  return node;
}

const locate = (stampMs: number) => ({ type: 'locate' as const, group: GROUP, stampMs, asker: ASKER, hops: 0 });

describe('a start by time', () => {
  it('is answered by the nearest forwarder whose history reaches back to it', () => {
    assert.deepEqual(saidTo(forwarder().hear(ASKER, locate(550)), 'located'), [{ to: ASKER.id, body: { type: 'located', group: GROUP, stampMs: 550, sequence: 6 } }]);
    assert.equal(saidTo(forwarder().hear(ASKER, locate(900)), 'located')[0]?.body.sequence, 8);
  });

  it('is asked further up when the moment may lie before what a forwarder keeps', () => {
    const said = forwarder().hear(ASKER, locate(450));
    assert.deepEqual(saidTo(said, 'locate'), [{ to: PARENT.id, body: { ...locate(450), hops: 1 } }]);
    assert.equal(saidTo(said, 'located').length, 0);
  });

  it.each([0, 0.1])('gives the first message numbered then or later, and all after it, at %d of messages lost', (loss) => {
    const scene = new Scene({ seed: 7, nodes: 16, loss });
    scene.open();
    scene.ring.run(5_000);
    const [publisher, early, late] = scene.ring.live.filter((member) => member.machine.describe(scene.group)?.role !== 'root');
    scene.subscribe(early!);
    scene.publish(publisher!, { batches: 100, everyMs: 50 });
    scene.ring.run(12_000);
    const readers = [...scene.ring.live].filter((member) => member !== early).map((member) => scene.subscribe(member, { type: 'time', stampMs: 7_000 }));
    readers.push(scene.subscribe(late!, { type: 'time', stampMs: 11_900 }), scene.subscribe(early!, { type: 'time', stampMs: 0 }));
    scene.ring.run(20_000);
    const stamps = new Map(readers.map((reader) => [reader, [] as number[]]));
    for (const { event } of scene.events) if (event.type === 'messages') stamps.get(event.subscription)?.push(event.frame.stampMs);
    const all = scene.events.flatMap(({ event }) => (event.type === 'messages' && event.subscription === readers.at(-1) ? [event.frame.stampMs] : []));
    assert.equal(all.length, 100);
    for (const reader of readers.slice(0, -2)) assert.deepEqual(stamps.get(reader), all.filter((stampMs) => stampMs >= 7_000));
    assert.deepEqual(scene.wrong, []);
  });
});

describe('the last n', () => {
  it('are so many, also on nodes that join for it one below the other', () => {
    const scene = new Scene({ seed: 8, nodes: 12 });
    scene.open();
    scene.ring.run(5_000);
    scene.publish(scene.ring.live[0]!, { batches: 40, everyMs: 50 });
    scene.ring.run(20_000);
    for (const member of scene.ring.live) scene.subscribe(member, { type: 'last', count: 3 });
    scene.ring.run(30_000);
    const firsts = scene.events.flatMap(({ event }) => (event.type === 'subscribed' ? [event.firstSequence] : []));
    assert.deepEqual(firsts, scene.ring.live.map(() => 38));
  });
});

describe('the last value', () => {
  it('is kept whatever its age, for whoever comes', () => {
    const scene = new Scene({ seed: 8, nodes: 12, descriptor: { retentionMs: 1_000 } });
    scene.open();
    scene.ring.run(5_000);
    scene.publish(scene.ring.live[0]!, { batches: 5, everyMs: 50 });
    scene.ring.run(60_000);
    const readers = scene.ring.live.map((member) => scene.subscribe(member, { type: 'last', count: 1 }));
    scene.ring.run(70_000);
    const got = scene.events.flatMap(({ event }) => (event.type === 'messages' ? [[event.subscription, event.frame.firstSequence]] : []));
    assert.deepEqual(got.sort((a, b) => a[0]! - b[0]!), readers.map((reader) => [reader, 5]));
  });
});
