import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Id } from '@banyan/ids';
import type { Millis } from '@banyan/sansio';
import type { SlowPolicy } from './commands.ts';
import type { GroupPicture } from './describe.ts';
import type { Member } from './testing/ring-double.ts';
import { Scene } from './testing/scene.ts';

const BACKPRESSURE = { bytes: 65_536, maxWaitMs: 2_000 };
const NEVER = 10_000_000;

/** Fifteen readers on as many nodes, 200 messages of 1 KB a second; one of the readers takes nothing. */
function run(policy: SlowPolicy, options: { readonly seed: number; readonly bytes?: number }): { readonly scene: Scene; readonly stopped: number; readonly silences: readonly Millis[] } {
  const scene = new Scene({ seed: options.seed, nodes: 16, descriptor: { backpressure: BACKPRESSURE, retentionBytes: options.bytes ?? 16 * 1_048_576 } });
  scene.open();
  scene.ring.run(5_000);
  const [publisher, ...others] = scene.ring.live;
  const [stopped, ...readers] = others.map((member, i) => scene.subscribe(member, { type: 'latest' }, i === 0 ? { policy, slowMs: NEVER, client: 'stopped' } : { policy: 'block' }));
  scene.ring.run(8_000);
  scene.publish(publisher!, { batches: 500, everyMs: 5 });
  scene.ring.run(14_000);
  return { scene, stopped: stopped!, silences: readers.map((reader) => longestSilence(scene, reader)) };
}

function longestSilence(scene: Scene, reader: number): Millis {
  let [last, longest] = [Infinity, 0];
  for (const { at, event } of scene.events) {
    if (event.type !== 'messages' || event.subscription !== reader) continue;
    longest = Math.max(longest, at - last);
    last = at;
  }
  return longest;
}

const told = (scene: Scene, type: string): number => scene.events.filter(({ event }) => event.type === type || (event.type === 'note' && event.note === type)).length;

describe('one reader of fifteen that takes nothing', () => {
  it('holds publishers for as long as the group waits when it counts, and is detached with the sequence to resume from', () => {
    const { scene, stopped, silences } = run('block', { seed: 21 });
    assert.ok(Math.max(...silences) <= BACKPRESSURE.maxWaitMs + 1_000, `silences ${silences.join()}`);
    assert.ok(Math.max(...silences) >= 1_000, 'publishers are held');
    const detached = scene.events.flatMap(({ event }) => (event.type === 'detached' ? [event] : []));
    assert.deepEqual(detached.map(({ subscription }) => subscription), [stopped]);
    const given = scene.events.flatMap(({ event }) => (event.type === 'messages' && event.subscription === stopped ? [event.frame.firstSequence] : []));
    assert.equal(detached[0]?.sequence, given.at(-1)! + 1);
    assert.equal(scene.unreceipted(), undefined);
    assert.deepEqual(scene.wrong, []);
  });

  it('is detached without holding anybody when it only asked for that', () => {
    const { scene, silences } = run('detach', { seed: 22 });
    assert.ok(Math.max(...silences) <= 300, `silences ${silences.join()}`);
    assert.equal(told(scene, 'detached'), 1);
    assert.equal(told(scene, 'held'), 0);
  });

  it('is told a gap, and holds nobody, when it asked to lose the oldest', () => {
    const { scene, stopped, silences } = run('drop-oldest', { seed: 23, bytes: 100_000 });
    assert.ok(Math.max(...silences) <= 300, `silences ${silences.join()}`);
    assert.equal(told(scene, 'detached') + told(scene, 'held'), 0);
    scene.ring.command(scene.readers.get(stopped)!.member, { type: 'consumed', subscription: stopped, bytes: NEVER });
    const gaps = scene.events.filter(({ event }) => event.type === 'gap' && event.subscription === stopped);
    assert.equal(gaps.length, 1);
    assert.deepEqual(scene.wrong, []);
  });

  it('is named, with its queue and for how long it stands still', () => {
    const { scene, stopped } = run('drop-oldest', { seed: 24 });
    const { member } = scene.readers.get(stopped)!;
    const [slow, ...others] = member.machine.slow();
    assert.deepEqual(others, []);
    assert.deepEqual(slow?.who, { type: 'client', client: 'stopped', policy: 'drop-oldest', counted: false });
    assert.ok(slow.ageMs > 4_000 && slow.queueBytes > 400_000, JSON.stringify(slow));
    assert.equal(member.machine.stats().slow, 1);
  });

  it('does not count for a while when it was detached twice within a minute', () => {
    const scene = new Scene({ seed: 25, nodes: 8, descriptor: { backpressure: BACKPRESSURE, retentionBytes: 16 * 1_048_576 } });
    scene.open();
    scene.ring.run(5_000);
    const [publisher, member] = scene.ring.live;
    scene.publish(publisher!, { batches: 3_500, everyMs: 10 });
    const holds: number[] = [];
    for (let time = 1; time <= 3; time++) {
      scene.subscribe(member!, { type: 'latest' }, { policy: 'block', slowMs: NEVER, client: 'stopped' });
      const before = told(scene, 'held');
      scene.ring.run(5_000 + time * 10_000);
      assert.equal(told(scene, 'detached'), time);
      holds.push(told(scene, 'held') - before);
    }
    assert.ok(holds[0]! > 0 && holds[1]! > 0, holds.join());
    assert.equal(holds[2], 0);
  });
});

describe('a child whose link is too slow', () => {
  it('is asked to move below a sibling, and its siblings never stall', () => {
    const scene = new Scene({ seed: 26, nodes: 20, config: { flowWindowBytes: 32_768 }, descriptor: { retentionBytes: 64 * 1_048_576 } });
    scene.open();
    scene.ring.run(5_000);
    for (const member of scene.ring.live) scene.subscribe(member, { type: 'latest' }, { windowBytes: NEVER });
    scene.ring.run(8_000);
    const place = (member: Member): GroupPicture => member.machine.describe(scene.group)!;
    const parentOf = (member: Member): Member | undefined => scene.ring.live.find(({ handle }) => handle.id === place(member).parent?.id);
    const victim = scene.ring.live.find((member) => !place(member).isVoter && place(member).children.length === 0 && place(parentOf(member)!).children.length > 1)!;
    const parent = parentOf(victim)!;
    const concerns = (a: Id, b: Id): boolean => [a, b].includes(victim.handle.id) && [a, b].includes(parent.handle.id);
    for (let pulse = 0; pulse < 20; pulse++) scene.ring.after(pulse * 400, () => scene.ring.clogLinks(concerns, 390));
    scene.publish(scene.ring.live.find((member) => place(member).role === 'root')!, { batches: 400, bytes: 4_000, everyMs: 20 });
    scene.ring.run(18_000);
    assert.ok(scene.notes('slow_child_moved') >= 1);
    assert.notEqual(parentOf(victim)?.handle.id, parent.handle.id);
    for (const reader of scene.readers.values()) if (reader.member !== victim) assert.ok(longestSilence(scene, reader.id) < 500);
    assert.equal(scene.unreceipted(), undefined);
    assert.deepEqual(scene.wrong, []);
  });
});
