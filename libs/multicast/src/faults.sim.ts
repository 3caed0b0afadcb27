import assert from 'node:assert/strict';
import type { Id } from '@banyan/ids';
import { describe, it } from 'vitest';
import type { MulticastEvent } from './commands.ts';
import { Scene, type SceneOptions } from './testing/scene.ts';

type EventOf<T extends MulticastEvent['type']> = Extract<MulticastEvent, { type: T }>;

function settled(options: Partial<SceneOptions> & { readonly seed: number }): Scene {
  const scene = new Scene({ nodes: 12, ...options });
  scene.open();
  scene.ring.run(5_000);
  return scene;
}

function eventsOf<T extends MulticastEvent['type']>(scene: Scene, type: T): EventOf<T>[] {
  return scene.events.filter(({ event }) => event.type === type).map(({ event }) => event as EventOf<T>);
}

function voterIds(scene: Scene): readonly Id[] {
  return scene.record()?.voters.map((voter) => voter.id) ?? [];
}

describe('a reliable group that lost its voters', () => {
  it('tells NO_QUORUM while most of them are gone, keeps what it has readable, and accepts nothing', () => {
    const scene = settled({ seed: 21 });
    const outsiders = scene.ring.live.filter((member) => !voterIds(scene).includes(member.handle.id));
    const publisher = outsiders[0]!;
    for (const member of outsiders) scene.subscribe(member);
    scene.ring.run(8_000);
    scene.publish(publisher, { batches: 50 });
    scene.ring.run(12_000);
    assert.equal(scene.oracle.receipted, 50);
    for (const id of voterIds(scene).slice(0, 3)) scene.crash(id);
    scene.publish(publisher, { batches: 10 });
    scene.ring.run(30_000);
    assert.equal(scene.oracle.receipted, 50);
    assert.ok(eventsOf(scene, 'publishStalled').length > 0);
    assert.deepEqual(scene.wrong, []);
    const late = scene.subscribe(outsiders[1]!, { type: 'sequence', sequence: 11 });
    scene.ring.run(40_000);
    assert.equal(scene.oracle.reader(late)?.next, 51);
  });

  it('goes on above everything seen, and tells what was lost, when all of them come back without memory', () => {
    const scene = settled({ seed: 22 });
    const outsiders = scene.ring.live.filter((member) => !voterIds(scene).includes(member.handle.id));
    const publisher = outsiders[0]!;
    const reader = scene.subscribe(outsiders[1]!);
    scene.ring.run(8_000);
    scene.publish(publisher, { batches: 50 });
    scene.ring.run(12_000);
    const lost = voterIds(scene);
    for (const id of lost) scene.crash(id);
    for (const id of lost) scene.ring.after(500, () => scene.ring.join(id));
    scene.publish(publisher, { batches: 10 });
    scene.ring.run(60_000);
    assert.deepEqual(scene.wrong, []);
    assert.equal(scene.unreceipted(), undefined);
    const [gap] = eventsOf(scene, 'gap');
    assert.equal(gap?.reason, 'LOST_STATE');
    assert.equal(gap?.from, 51);
    assert.equal(scene.oracle.reader(reader)?.next, scene.oracle.end);
  });
});

describe('a slow reader', () => {
  it('holds nobody up and is told what it missed as a range', () => {
    const scene = settled({ seed: 23, descriptor: { retentionBytes: 100_000 } });
    const [first, second, third] = scene.ring.live;
    const slow = scene.subscribe(first!, { type: 'latest' }, { slowMs: 100, windowBytes: 1_000 });
    const quick = scene.subscribe(second!);
    scene.ring.run(8_000);
    scene.publish(third!, { batches: 1_000, everyMs: 2 });
    scene.ring.run(12_000);
    assert.equal(scene.oracle.reader(quick)?.next, 1_001);
    scene.ring.run(60_000);
    assert.deepEqual(scene.wrong, []);
    assert.equal(scene.oracle.reader(slow)?.next, 1_001);
    const gaps = eventsOf(scene, 'gap');
    assert.ok(gaps.length > 0 && gaps.every((gap) => gap.subscription === slow && gap.reason === 'EXPIRED'));
  });

  it('is caught up without a gap when a stopped node continues within retention', () => {
    const scene = settled({ seed: 24, descriptor: { retentionBytes: 50 * 1_048_576 } });
    for (const member of scene.ring.live) scene.subscribe(member);
    scene.ring.run(8_000);
    scene.publish(scene.ring.live[0]!, { batches: 2_000, everyMs: 5, bytes: 10_000 });
    scene.ring.run(9_000);
    const stopped = scene.ring.live.find((member) => !voterIds(scene).includes(member.handle.id) && member !== scene.ring.live[0])!;
    scene.ring.pause(stopped.handle.id, 10_000);
    scene.ring.run(60_000);
    assert.deepEqual(scene.wrong, []);
    assert.equal(scene.unreceipted(), undefined);
    assert.equal(scene.oracle.unfinished(), undefined);
  });

  it('ends at a gap when a stopped node continues outside retention', () => {
    const scene = settled({ seed: 25, descriptor: { retentionBytes: 1_048_576 } });
    const stopped = scene.ring.live.find((member) => !voterIds(scene).includes(member.handle.id) && member !== scene.ring.live[0])!;
    for (const member of scene.ring.live) scene.subscribe(member);
    scene.ring.run(8_000);
    scene.publish(scene.ring.live[0]!, { batches: 2_000, everyMs: 5, bytes: 10_000 });
    scene.ring.run(9_000);
    scene.ring.pause(stopped.handle.id, 10_000);
    scene.ring.run(60_000);
    assert.deepEqual(scene.wrong, []);
    const gaps = scene.events.filter(({ node, event }) => node === stopped.handle.id && event.type === 'gap');
    assert.ok(gaps.length >= 1);
    assert.ok(gaps.every(({ event }) => event.type === 'gap' && event.reason === 'EXPIRED'));
    assert.equal(scene.notes('seal_started') > 0, true);
  });
});

describe('a publisher', () => {
  it('is blocked at its window and goes on when there is room', () => {
    const scene = settled({ seed: 26, descriptor: { retentionBytes: 64 * 1_048_576 } });
    const [first, second] = scene.ring.live;
    const reader = scene.subscribe(first!, { type: 'first' }, { windowBytes: 4 * 1_048_576 });
    scene.ring.run(8_000);
    scene.publish(second!, { batches: 1_024, everyMs: 0.2, bytes: 65_536 });
    scene.ring.run(60_000);
    assert.deepEqual(scene.wrong, []);
    assert.equal(scene.unreceipted(), undefined);
    assert.equal(scene.oracle.reader(reader)?.next, 1_025);
    assert.ok(eventsOf(scene, 'publishBlocked').length > 0);
  });

  it('is told that a group does not exist', () => {
    const scene = new Scene({ seed: 27, nodes: 8 });
    const [member] = scene.ring.live;
    scene.ring.command(member!, { type: 'publish', group: scene.group, client: 'c', session: 's', counter: 1, count: 1, payload: 0, bytes: 1 });
    scene.subscribe(member!);
    scene.ring.run(5_000);
    assert.deepEqual(eventsOf(scene, 'publishFailed').map(({ reason }) => reason), ['UNKNOWN_GROUP']);
    assert.deepEqual(eventsOf(scene, 'subscribeFailed').map(({ reason }) => reason), ['UNKNOWN_GROUP']);
  });
});

describe('the end of a group', () => {
  it('reaches every reader after everything that came before', () => {
    const scene = settled({ seed: 28 });
    for (const member of scene.ring.live) scene.subscribe(member);
    scene.ring.run(8_000);
    scene.publish(scene.ring.live[0]!, { batches: 100 });
    scene.ring.run(12_000);
    scene.ring.command(scene.ring.live[5]!, { type: 'open', descriptor: { ...scene.descriptor, version: 2, closed: true } });
    scene.ring.run(20_000);
    assert.deepEqual(scene.wrong, []);
    assert.equal(scene.oracle.unfinished(), undefined);
    assert.equal(eventsOf(scene, 'ended').length, scene.ring.live.length);
    const late = scene.ring.live[7]!;
    scene.subscribe(late);
    scene.publish(late, { batches: 1 });
    scene.ring.run(25_000);
    assert.equal(eventsOf(scene, 'subscribeFailed').at(-1)?.reason, 'GROUP_CLOSED');
    assert.equal(eventsOf(scene, 'publishFailed').at(-1)?.reason, 'GROUP_CLOSED');
  });
});
