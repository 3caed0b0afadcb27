import assert from 'node:assert/strict';
import type { Id } from '@banyan/ids';
import type { Millis } from '@banyan/sansio';
import { describe, it } from 'vitest';
import { Scene } from './testing/scene.ts';

/** A reliable group under way: readers everywhere, one publisher. */
function running(options: { readonly seed: number; readonly nodes: number; readonly loss?: number }): Scene {
  const scene = new Scene(options);
  scene.open();
  scene.ring.run(5_000);
  for (const member of scene.ring.live) scene.subscribe(member, { type: 'first' });
  scene.ring.run(8_000);
  scene.publish(scene.ring.live[1]!, { batches: 200, everyMs: 20 });
  scene.ring.run(10_000);
  return scene;
}

/** Asks nodes to leave, spread over `spreadMs`; each is gone a moment after it said that it has. How long each took, ms. */
function leave(scene: Scene, ids: readonly Id[], spreadMs: Millis): ReadonlyMap<Id, Millis> {
  const took = new Map<Id, Millis>();
  for (const id of ids) {
    scene.ring.after(scene.rng.below(spreadMs + 1), () => {
      const member = scene.ring.member(id)!;
      const since = scene.ring.now;
      for (const reader of [...scene.readers.values()]) if (reader.member === member) scene.unsubscribe(reader.id);
      scene.onLeft.set(id, () => {
        took.set(id, scene.ring.now - since);
        scene.ring.after(10, () => scene.crash(id));
      });
      scene.ring.command(member, { type: 'leave' });
    });
  }
  return took;
}

function slowest(took: ReadonlyMap<Id, Millis>): Millis {
  return Math.max(...took.values());
}

describe('leaving', () => {
  it.each([3, 8, 40])('of all %i nodes at once takes no longer than to say so', (nodes) => {
    for (const loss of [0, 0.05]) {
      const scene = running({ seed: 71, nodes, loss });
      const took = leave(scene, scene.ids, 100);
      scene.ring.run(20_000);
      assert.equal(took.size, nodes);
      assert.ok(slowest(took) <= 1_500, `${slowest(took)} ms`);
    }
  });

  it.each(['root', 'voter'] as const)('of one %s hands its duties over', (who) => {
    for (const nodes of [3, 12]) {
      const scene = running({ seed: 72, nodes });
      const { root, voters } = scene.record()!;
      const publisher = scene.publishers[0]!.member.handle.id;
      const leaver = who === 'root' ? root.id : voters.find((voter) => voter.id !== root.id && voter.id !== publisher)!.id;
      // The publisher lives on elsewhere when it is the one to leave.
      if (leaver === publisher) continue;
      const took = leave(scene, [leaver], 0);
      scene.ring.run(30_000);
      assert.ok(slowest(took) <= 4_000, `${slowest(took)} ms with ${nodes} nodes`);
      assert.ok(!scene.record()!.voters.some((voter) => voter.id === leaver));
      assert.deepEqual([scene.wrong, scene.unsettled(), scene.unreceipted(), scene.oracle.unfinished()], [[], undefined, undefined, undefined]);
    }
  });

  it('of all voters at once hands them over to those who stay', () => {
    const scene = running({ seed: 73, nodes: 20 });
    const leavers = scene.record()!.voters.map((voter) => voter.id).filter((id) => id !== scene.publishers[0]!.member.handle.id);
    const took = leave(scene, leavers, 200);
    scene.ring.run(40_000);
    assert.equal(took.size, leavers.length);
    assert.ok(slowest(took) < 8_000, `${slowest(took)} ms`);
    assert.deepEqual([scene.wrong, scene.unsettled(), scene.unreceipted(), scene.oracle.unfinished()], [[], undefined, undefined, undefined]);
  });
});
