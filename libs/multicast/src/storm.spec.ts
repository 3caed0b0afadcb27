import assert from 'node:assert/strict';
import { randomId, type Id } from '@banyan/ids';
import { describe, it } from 'vitest';
import { Scene } from './testing/scene.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 4);
const FIRST = Number(process.env['SEED'] ?? 1);

/** Like chaos, and the ring itself changes: nodes arrive (also next to the key), leave in order, and it splits and heals. */
function storm(seed: number): Scene {
  const scene = new Scene({ seed, nodes: 16, loss: 0.08, descriptor: { retentionBytes: 16 * 1_048_576, fanOutMax: 3 } });
  const { ring, rng } = scene;
  scene.open();
  ring.run(3_000);
  for (const member of ring.live) scene.subscribe(member, { type: 'first' });
  ring.run(6_000);
  const [first, second] = ring.live.slice(1, 3);
  scene.publish(first!, { batches: 1_000, everyMs: 30 });
  scene.publish(second!, { batches: 1_000, everyMs: 30, count: 2, bytes: 3_000 });
  const stop = ring.now + 30_000;
  const publishers = new Set<Id>([first!.handle.id, second!.handle.id]);
  const fault = (): void => {
    if (ring.now > stop) return;
    ring.after(500 + rng.below(2_000), fault);
    const victim = rng.pick(ring.live.filter((member) => !publishers.has(member.handle.id)));
    const kind = rng.below(10);
    if (kind < 3) arrive(scene, kind === 0 ? closeTo(scene.group, rng.below(1_000_000)) : randomId(rng));
    else if (victim === undefined || ring.live.length < 10) return;
    else if (kind < 5) depart(scene, victim.handle.id);
    else if (kind < 6 && ring.isCut('' as Id, '' as Id) === false && !split) splitFor(2_000 + rng.below(8_000));
    else if (kind < 8 && !split && scene.survives(victim.handle.id)) scene.crash(victim.handle.id);
    else ring.pause(victim.handle.id, 500 + rng.below(4_000));
  };
  let split = false;
  const splitFor = (forMs: number): void => {
    split = true;
    ring.split(new Set(rng.shuffle(ring.live).slice(0, 1 + rng.below(8)).map((member) => member.handle.id)));
    ring.after(forMs, () => {
      ring.heal();
      ring.after(3_000, () => {
        split = false;
      });
    });
  };
  fault();
  ring.run(stop + 12_000);
  ring.loss = 0;
  ring.run(stop + 70_000);
  return scene;
}

function arrive(scene: Scene, id: Id): void {
  if (scene.ring.member(id) === undefined) scene.subscribe(scene.ring.join(id), { type: 'first' });
}

/** Leaves in order, and goes when it was told that it may. */
function depart(scene: Scene, id: Id): void {
  const member = scene.ring.member(id);
  if (member === undefined) return;
  for (const reader of [...scene.readers.values()]) if (reader.member === member) scene.unsubscribe(reader.id);
  scene.ring.command(member, { type: 'leave' });
  scene.onLeft.set(id, () => scene.survives(id) && scene.crash(id));
}

function closeTo(key: Id, offset: number): Id {
  return (key.slice(0, 24) + offset.toString(16).padStart(8, '0')) as Id;
}

describe('a reliable group while its ring grows, shrinks, splits and heals', () => {
  it('keeps every promise', () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const scene = storm(seed);
      const told = `seed ${seed}`;
      if (process.env['VERBOSE']) console.log(seed, scene.oracle.end, 'epochs', scene.notes('epoch_opened'), 'moved', scene.notes('moved'), scene.ring.inputs, Object.fromEntries(scene.ring.drops));
      assert.deepEqual(scene.wrong, [], told);
      assert.equal(scene.unsettled(), undefined, told);
      assert.equal(scene.unreceipted(), undefined, told);
      assert.equal(scene.oracle.unfinished(), undefined, told);
      assert.deepEqual(scene.ring.faults, [], told);
    }
  });
});
