import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { Scene, type SceneOptions } from './testing/scene.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 6);
const FIRST = Number(process.env['SEED'] ?? 1);

/** Twenty nodes, two publishers, readers everywhere, and for 30 s a fault about every second. */
function chaos(seed: number, options: Partial<SceneOptions> = {}): Scene {
  const scene = new Scene({ seed, nodes: 20, loss: 0.03, descriptor: { retentionBytes: 16 * 1_048_576 }, ...options });
  const { ring, rng } = scene;
  scene.open();
  ring.run(3_000);
  for (const member of ring.live) scene.subscribe(member, { type: 'first' });
  ring.run(6_000);
  scene.publish(ring.live[1]!, { batches: 1_500, everyMs: 20 });
  scene.publish(ring.live[2]!, { batches: 1_500, everyMs: 20, count: 3 });
  const stop = ring.now + 30_000;
  const publishers = new Set(scene.publishers.map(({ member }) => member.handle.id));
  const fault = (): void => {
    if (ring.now > stop) return;
    ring.after(500 + rng.below(1_000), fault);
    const victim = rng.pick(ring.live.filter((member) => !publishers.has(member.handle.id)));
    const root = scene.record()?.root.id;
    const kind = rng.below(10);
    if (kind < 2 && root !== undefined && !publishers.has(root) && scene.survives(root)) kill(scene, root);
    else if (victim === undefined) return;
    else if (kind < 5 && scene.survives(victim.handle.id)) kill(scene, victim.handle.id);
    else if (kind < 7) ring.pause(victim.handle.id, 500 + rng.below(9_000));
    else if (kind < 8 && root !== undefined) ring.pause(root, 500 + rng.below(5_000));
    else ring.breakLinks((a, b) => a === victim.handle.id || b === victim.handle.id);
  };
  fault();
  ring.run(stop);
  ring.loss = 0;
  ring.run(stop + 60_000);
  return scene;
}

/** A node dies; a few seconds later it starts again, without memory, and subscribes anew. */
function kill(scene: Scene, id: Parameters<Scene['survives']>[0]): void {
  scene.crash(id);
  scene.ring.after(1_000 + scene.rng.below(6_000), () => {
    const member = scene.ring.join(id);
    scene.subscribe(member, { type: 'first' });
  });
}

describe('a reliable group through crashes, restarts, pauses, broken links and loss', () => {
  it('keeps every promise', () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const scene = chaos(seed);
      const told = `seed ${seed}`;
      assert.deepEqual(scene.wrong, [], told);
      assert.equal(scene.unsettled(), undefined, told);
      assert.equal(scene.unreceipted(), undefined, told);
      assert.equal(scene.oracle.unfinished(), undefined, told);
      assert.deepEqual(scene.ring.faults, [], told);
      if (process.env['VERBOSE']) console.log(seed, scene.oracle.end, 'epochs', scene.notes('epoch_opened'), 'moved', scene.notes('moved'), scene.ring.inputs, Object.fromEntries(scene.ring.drops));
    }
  });
});
