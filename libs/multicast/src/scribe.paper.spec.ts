import assert from 'node:assert/strict';
import { randomId } from '@banyan/ids';
import { describe, it } from 'vitest';
import type { GroupDescriptor, Verified } from './descriptor.ts';
import type { EpochRecord } from './epoch.ts';
import { idAt, LoneNode, nodeAt, saidTo } from './testing/lone-node.ts';
import { descriptorOf, Scene } from './testing/scene.ts';

// Castro, Druschel, Kermarrec, Rowstron, "SCRIBE: a large-scale and decentralized application-level multicast
// infrastructure", IEEE JSAC 20(8), 2002. One test per mechanism.

const GROUP = idAt('f0');
const ROOT = nodeAt('f1');
const DESCRIPTOR: Verified<GroupDescriptor> = descriptorOf(GROUP, { fanOutMax: 2 });
const EPOCH = { counter: 1, root: ROOT.id, incarnation: 1 };
const RECORD: EpochRecord = { epoch: EPOCH, root: ROOT, voters: [ROOT], firstSequence: 1, lineage: [] };
const [CHILD, SECOND, THIRD] = [nodeAt('11'), nodeAt('12'), nodeAt('13')] as const;

function join(child = CHILD) {
  return { type: 'join' as const, group: GROUP, child, next: 1 };
}

/** A node that stands in the tree directly under the root. */
function forwarder(): LoneNode {
  const node = new LoneNode(nodeAt('50'), [ROOT, CHILD, SECOND, THIRD]);
  node.forward(GROUP, join(), CHILD, ROOT);
  const mark = { epoch: EPOCH, round: 1 };
  node.hear(ROOT, { type: 'graftAck', group: GROUP, descriptor: DESCRIPTOR, record: RECORD, mark, low: 1, next: 1, committed: 1, backups: [] });
  return node;
}

describe('membership management', () => {
  it('makes every node on the route of a JOIN a forwarder: it takes the previous hop as child and sends its own JOIN', () => {
    const node = new LoneNode(nodeAt('50'), [ROOT, CHILD]);
    const effects = node.forward(GROUP, join(), CHILD, ROOT);
    assert.equal(effects.some((effect) => effect.type === 'resume'), false);
    const [own] = saidTo(effects, 'join');
    assert.equal(own?.to, `key ${GROUP}`);
    assert.equal(own?.body.child.id, node.self.id);
    assert.equal(saidTo(effects, 'graftAck').length, 0, 'nothing is granted before this node has a place itself');
  });

  it('grants the waiting children a place once it has one, with descriptor and record', () => {
    const node = new LoneNode(nodeAt('50'), [ROOT, CHILD]);
    node.forward(GROUP, join(), CHILD, ROOT);
    const mark = { epoch: EPOCH, round: 1 };
    const effects = node.hear(ROOT, { type: 'graftAck', group: GROUP, descriptor: DESCRIPTOR, record: RECORD, mark, low: 1, next: 1, committed: 1, backups: [] });
    const [granted] = saidTo(effects, 'graftAck');
    assert.equal(granted?.to, CHILD.id);
    assert.deepEqual([granted?.body.descriptor, granted?.body.record, granted?.body.mark], [DESCRIPTOR, RECORD, mark]);
  });

  it('ends a JOIN at the first node that is in the tree', () => {
    const node = forwarder();
    const effects = node.forward(GROUP, join(SECOND), SECOND, ROOT);
    assert.deepEqual(saidTo(effects, 'graftAck').map(({ to }) => to), [SECOND.id]);
    assert.equal(saidTo(effects, 'join').length, 0);
    assert.equal(effects.some((effect) => effect.type === 'resume'), false);
  });

  it('sends LEAVE up when the last child left and nobody here is a member', () => {
    const node = forwarder();
    node.hear(CHILD, { type: 'leave', group: GROUP });
    const later = [];
    for (let beat = 0; beat < 16; beat++) {
      later.push(...node.hear(ROOT, { type: 'beat', down: [{ group: GROUP, mark: { epoch: EPOCH, round: 2 + beat }, low: 1, committed: 1, sent: 1 }], up: [] }));
      later.push(...node.wait(500));
    }
    assert.deepEqual(saidTo(later, 'leave').map(({ to }) => to), [ROOT.id]);
    assert.equal(node.machine.describe(GROUP), undefined);
  });
});

describe('message dissemination', () => {
  it('asks for the root once and then sends to it directly', () => {
    const scene = new Scene({ seed: 41, nodes: 24 });
    scene.open();
    scene.ring.run(5_000);
    const publisher = scene.ring.live.find((member) => member.machine.describe(scene.group)?.role !== 'root')!;
    scene.publish(publisher, { batches: 500, everyMs: 2 });
    scene.ring.run(10_000);
    assert.equal(scene.unreceipted(), undefined);
    assert.equal(scene.ring.routed.get('findRoot'), 1);
  });

  it('passes the same frame object on to all children, written once', () => {
    const node = forwarder();
    node.forward(GROUP, join(SECOND), SECOND, ROOT);
    const [one, two] = [CHILD, SECOND].map((child, i) => {
      node.give({ type: 'linkUp', peer: child, link: 100 + i, dialled: false });
      node.hear(child, { type: 'resume', group: GROUP, flow: 1, next: 1, creditBytes: 1_000_000 });
      return 100 + i;
    });
    node.give({ type: 'linkUp', peer: ROOT, link: 7, dialled: true });
    node.receive(ROOT, 7, { type: 'begin', group: GROUP, flow: 1, from: 1, record: RECORD, low: 1, committed: 1 });
    const block = { client: 'c', session: 's', counter: 1, count: 1, payload: 'x', bytes: 1 };
    const frame = { type: 'stamped' as const, group: GROUP, epoch: EPOCH, firstSequence: 1, count: 1, committed: 1, stampMs: 1, blocks: [block], bytes: 1 };
    const written = node.receive(ROOT, 7, frame).filter((effect) => effect.type === 'fanOut');
    assert.equal(written.length, 1);
    assert.deepEqual(written[0]?.links, [one, two]);
    assert.equal(written[0]?.frame, frame);
  });
});

describe('repairing the tree', () => {
  it('takes messages as heartbeats: a parent that sends them needs no others', () => {
    const scene = new Scene({ seed: 42, nodes: 16, descriptor: { delivery: 'ordered' } });
    scene.open();
    scene.ring.run(5_000);
    for (const member of scene.ring.live) scene.subscribe(member);
    scene.ring.run(8_000);
    scene.publish(scene.ring.live[0]!, { batches: 60, everyMs: 50 });
    scene.ring.run(8_200);
    const lost = (): number => scene.events.filter(({ event }) => event.type === 'note' && event.note.startsWith('parent_lost')).length;
    const before = lost();
    scene.ring.loss = 1;
    scene.ring.run(10_500);
    assert.equal(lost(), before);
  });

  it('looks for another parent when the parent is silent', () => {
    const node = forwarder();
    const effects = node.wait(3_000);
    assert.deepEqual(saidTo(effects, 'probe').map(({ body }) => body.target.id), [ROOT.id], 'asked after by a third node first');
    assert.ok(saidTo(effects, 'join').length > 0);
    assert.equal(node.machine.describe(GROUP)?.role, 'orphan');
  });

  it('drops children that do not refresh their entry', () => {
    const node = forwarder();
    assert.equal(node.machine.describe(GROUP)?.children.length, 1);
    node.wait(6_000);
    assert.equal(node.machine.describe(GROUP)?.children.length, 0);
  });

  it('replicates what the root knows on the closest leaves; when it dies the nearest goes on where it ended', () => {
    const scene = new Scene({ seed: 43, nodes: 16 });
    scene.open();
    scene.ring.run(5_000);
    const record = scene.record()!;
    const nearest = scene.ring.live.map((member) => member.handle.id).filter((node) => record.voters.some((voter) => voter.id === node));
    assert.equal(record.voters.length, 5);
    const outsiders = scene.ring.live.filter((member) => !nearest.includes(member.handle.id));
    for (const member of outsiders) scene.subscribe(member);
    scene.publish(outsiders[0]!, { batches: 200, everyMs: 20 });
    scene.ring.run(7_000);
    scene.crash(record.root.id);
    scene.ring.run(30_000);
    const next = scene.record()!;
    assert.equal(next.root.id, scene.ring.rootOf(scene.group)?.handle.id);
    assert.ok(record.voters.some((voter) => voter.id === next.root.id));
    assert.ok(next.firstSequence > 1 && next.firstSequence <= 201);
    assert.deepEqual(scene.wrong, []);
    assert.equal(scene.oracle.unfinished(), undefined);
    assert.equal(scene.oracle.end, 201);
  });
});

describe('the bottleneck remover', () => {
  it('sends a child beyond the fan-out limit to one of its children', () => {
    const node = forwarder();
    for (const [i, child] of [CHILD, SECOND].entries()) {
      if (child !== CHILD) node.forward(GROUP, join(child), child, ROOT);
      node.give({ type: 'linkUp', peer: child, link: 100 + i, dialled: false });
      node.hear(child, { type: 'resume', group: GROUP, flow: 1, next: 1, creditBytes: 1_000_000 });
    }
    const [refusal] = saidTo(node.hear(THIRD, { type: 'graft', group: GROUP, voter: false }), 'graftRefused');
    assert.equal(refusal?.body.reason, 'full');
    assert.ok(refusal?.body.redirect.every(({ id }) => id === CHILD.id || id === SECOND.id) && refusal.body.redirect.length > 0);
  });

  it('keeps the limit in a whole tree, and everybody is in it', () => {
    const scene = new Scene({ seed: 44, nodes: 40, descriptor: { fanOutMax: 2 } });
    scene.open();
    scene.ring.run(5_000);
    for (const member of scene.ring.live) scene.subscribe(member);
    scene.ring.run(20_000);
    assert.equal(scene.unsettled(), undefined);
    for (const member of scene.ring.live) {
      const picture = member.machine.describe(scene.group)!;
      const voters = picture.children.filter((child) => picture.record?.voters.some((voter) => voter.id === child.id)).length;
      assert.ok(picture.children.length - voters <= 4, `${picture.children.length} children at ${member.handle.id}`);
    }
  });
});

describe('what the paper leaves open', () => {
  it('a closer node that joins becomes the root by a new epoch, and nothing is lost on the way', () => {
    const scene = new Scene({ seed: 45, nodes: 12 });
    scene.open();
    scene.ring.run(5_000);
    for (const member of scene.ring.live) scene.subscribe(member);
    scene.publish(scene.ring.live[2]!, { batches: 500, everyMs: 20 });
    scene.ring.run(7_000);
    const old = scene.record()!.root.id;
    const closer = idAt(scene.group.slice(0, 20));
    scene.ring.join(closer);
    scene.ring.run(30_000);
    assert.equal(scene.record()!.root.id, closer);
    assert.equal(scene.ring.member(old)!.machine.describe(scene.group)?.parent?.id, closer);
    assert.deepEqual(scene.wrong, []);
    assert.equal(scene.oracle.unfinished(), undefined);
    assert.equal(scene.oracle.end, 501);
  });

  it('the children of a forwarder that leaves do not wait for its silence: they look for another while it still serves them', () => {
    const node = forwarder();
    const first = node.give({ type: 'command', command: { type: 'leave' } });
    assert.ok(saidTo(first, 'departing').some(({ to }) => to === CHILD.id));
    assert.deepEqual(saidTo(first, 'notChild'), []);
    assert.equal(node.machine.remaining().children, 1);
    // One that found nobody within a second is told that it has no parent, and where to look.
    node.now += 1_000;
    const last = node.give({ type: 'tick' });
    const [word] = saidTo(last, 'notChild');
    assert.equal(word?.to, CHILD.id);
    assert.deepEqual(word?.body.redirect.map(({ id }) => id), [ROOT.id]);
    assert.deepEqual(saidTo(last, 'leave').map(({ to }) => to), [ROOT.id]);
  });

  it('a child whose parent leaves keeps it until it has another', () => {
    const node = forwarder();
    const effects = node.hear(ROOT, { type: 'departing' });
    assert.equal(node.machine.describe(GROUP)?.parent?.id, ROOT.id);
    assert.deepEqual(saidTo(effects, 'leave'), []);
    assert.ok(effects.some((effect) => effect.type === 'route' || (effect.type === 'direct' && effect.body.type === 'graft')));
  });

  it('a node joins a group it never heard of while nobody can tell it the descriptor but the tree', () => {
    const scene = new Scene({ seed: 46, nodes: 12 });
    scene.open();
    scene.ring.run(5_000);
    const stranger = scene.ring.join(randomId(scene.rng));
    scene.subscribe(stranger);
    scene.ring.run(8_000);
    const told = scene.events.find(({ event }) => event.type === 'subscribed')?.event;
    assert.equal(told?.type === 'subscribed' && told.descriptor.name, scene.descriptor.name);
  });
});
