import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { epochText } from './epoch.ts';
import { Scene } from './testing/scene.ts';

/** Per reader: epoch and sequence of everything it was given, and its gaps. */
function readings(scene: Scene): Map<number, { readonly messages: string[]; readonly gaps: string[]; next: number }> {
  const readers = new Map<number, { messages: string[]; gaps: string[]; next: number }>();
  for (const { event } of scene.events) {
    if (event.type === 'subscribed') readers.set(event.subscription, { messages: [], gaps: [], next: event.firstSequence });
    if (event.type === 'gap') {
      const reader = readers.get(event.subscription)!;
      reader.gaps.push(`${event.reason} ${event.from}..${event.to}`);
      reader.next = event.reason === 'OTHER_EPOCH' ? event.from : event.to;
    }
    if (event.type !== 'messages') continue;
    const reader = readers.get(event.subscription)!;
    assert.equal(event.from, reader.next, `reader ${event.subscription}`);
    reader.messages.push(`${epochText(event.frame.epoch)}:${event.frame.firstSequence}:${event.frame.blocks[0]?.session}/${event.frame.blocks[0]?.counter}`);
    reader.next = event.frame.firstSequence + event.frame.count;
  }
  return readers;
}

describe.each(['ordered', 'best-effort'] as const)('an %s group', (delivery) => {
  it('goes on under the next root when the root dies, without waiting for a majority', () => {
    const scene = new Scene({ seed: 31, nodes: 12, descriptor: { delivery } });
    scene.open();
    scene.ring.run(5_000);
    const root = scene.record()!.root.id;
    const outsiders = scene.ring.live.filter((member) => !scene.record()!.voters.some((voter) => voter.id === member.handle.id));
    for (const member of outsiders) scene.subscribe(member);
    scene.ring.run(8_000);
    scene.publish(outsiders[0]!, { batches: 300, everyMs: 20 });
    scene.ring.run(10_000);
    for (const voter of scene.record()!.voters.slice(0, 4)) scene.crash(voter.id);
    scene.ring.run(40_000);
    assert.equal(scene.unsettled(), undefined);
    assert.equal(scene.unreceipted(), undefined);
    assert.notEqual(scene.record()!.root.id, root);
    const all = [...readings(scene).values()];
    assert.deepEqual(all.map(({ messages }) => messages.length > 290), all.map(() => true));
    for (const { messages } of all) assert.equal(new Set(messages.map((name) => name.split(':')[2])).size, messages.length);
  });

  it('goes on on both sides of a partition; after it the higher epoch wins and the other branch is told as a gap', () => {
    const scene = new Scene({ seed: 32, nodes: 16, descriptor: { delivery } });
    scene.open();
    scene.ring.run(5_000);
    for (const member of scene.ring.live) scene.subscribe(member);
    scene.ring.run(8_000);
    const { root } = scene.record()!;
    const [near, far] = [scene.ring.live.slice(0, 8), scene.ring.live.slice(8)];
    scene.publish(near[1]!, { batches: 400, everyMs: 50 });
    scene.publish(far[1]!, { batches: 400, everyMs: 50 });
    scene.ring.run(10_000);
    scene.ring.split(new Set(near.map((member) => member.handle.id)));
    scene.ring.run(20_000);
    const roots = scene.ring.live.filter((member) => member.machine.describe(scene.group)?.role === 'root');
    assert.equal(roots.length, 2);
    assert.ok(roots.some((member) => member.handle.id === root.id));
    scene.ring.heal();
    scene.ring.run(70_000);
    assert.equal(scene.unsettled(), undefined);
    assert.equal(scene.unreceipted(), undefined);
    const all = [...readings(scene).values()];
    assert.equal(new Set(all.map(({ next }) => next)).size, 1);
    const told = all.filter(({ gaps }) => gaps.some((gap) => gap.startsWith('OTHER_EPOCH')));
    assert.ok(told.length > 0 && told.length < all.length, `${told.length} of ${all.length}`);
    assert.deepEqual(scene.ring.faults, []);
  });
});
