import { randomId, type Id } from '@banyan/ids';
import type { Member } from './ring-double.ts';
import { Scene, type SceneOptions } from './scene.ts';

/** Twenty nodes, two publishers, readers everywhere, and for 30 s a fault about every second. */
export function chaos(seed: number, options: Partial<SceneOptions> = {}): Scene {
  const scene = new Scene({ seed, nodes: 20, loss: 0.03, descriptor: { retentionBytes: 16 * 1_048_576 }, ...options });
  const { ring, rng } = scene;
  scene.open();
  ring.run(3_000);
  for (const member of ring.live) scene.subscribe(member, { type: 'first' });
  ring.run(6_000);
  scene.publish(ring.live[1] as Member, { batches: 1_500, everyMs: 20 });
  scene.publish(ring.live[2] as Member, { batches: 1_500, everyMs: 20, count: 3 });
  scene.publish(ring.live[3] as Member, { batches: 1_000, everyMs: 30, parts: 20 });
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
  if (scene.ring.member(id)?.alive !== true) return;
  scene.crash(id);
  scene.ring.after(1_000 + scene.rng.below(6_000), () => {
    const member = scene.ring.join(id);
    scene.subscribe(member, { type: 'first' });
  });
}

/** Like chaos, and the ring itself changes: nodes arrive (also next to the key), leave in order, and it splits and heals. */
export function storm(seed: number): Scene {
  const scene = new Scene({ seed, nodes: 16, loss: 0.08, descriptor: { retentionBytes: 16 * 1_048_576, fanOutMax: 3 } });
  const { ring, rng } = scene;
  scene.open();
  ring.run(3_000);
  for (const member of ring.live) scene.subscribe(member, { type: 'first' });
  ring.run(6_000);
  const [first, second] = ring.live.slice(1, 3) as [Member, Member];
  scene.publish(first, { batches: 1_000, everyMs: 30 });
  scene.publish(second, { batches: 1_000, everyMs: 30, count: 2, bytes: 3_000 });
  const stop = ring.now + 30_000;
  const publishers = new Set<Id>([first.handle.id, second.handle.id]);
  const fault = (): void => {
    if (ring.now > stop) return;
    ring.after(500 + rng.below(2_000), fault);
    const victim = rng.pick(ring.live.filter((member) => !publishers.has(member.handle.id)));
    const kind = rng.below(10);
    if (kind < 3) arrive(scene, kind === 0 ? closeTo(scene.group, rng.below(1_000_000)) : randomId(rng));
    else if (victim === undefined || ring.live.length < 10) return;
    else if (kind < 5) depart(scene, victim.handle.id);
    else if (kind < 6 && !split) splitFor(2_000 + rng.below(8_000));
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
  const go = (): void => {
    if (scene.survives(id)) scene.crash(id);
    else scene.ring.after(500, go);
  };
  scene.onLeft.set(id, go);
  scene.ring.command(member, { type: 'leave' });
}

function closeTo(key: Id, offset: number): Id {
  return (key.slice(0, 24) + offset.toString(16).padStart(8, '0')) as Id;
}
