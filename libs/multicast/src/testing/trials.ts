import type { Id } from '@banyan/ids';
import type { Millis } from '@banyan/sansio';
import type { DeliveryClass } from '../descriptor.ts';
import type { Member } from './ring-double.ts';
import { Scene } from './scene.ts';

const CLASSES: readonly DeliveryClass[] = ['reliable', 'ordered', 'best-effort'];
const TROUBLE_MS: Millis = 60_000;
const CALM_MS: Millis = 90_000;

/**
 * One group of each class on one ring, and for a minute what no crash is: processes that stand still for 5 to 60 s, links
 * that clog or swallow, nodes that leave in order and come back; now and then a crash too.
 */
export function trials(seed: number): readonly Scene[] {
  const scenes: Scene[] = [];
  for (const delivery of CLASSES) {
    const beside = scenes[0] === undefined ? {} : { beside: scenes[0] };
    scenes.push(new Scene({ seed, nodes: 16, loss: 0.02, descriptor: { delivery, retentionBytes: 16 * 1_048_576 }, ...beside }));
  }
  const [first] = scenes as [Scene];
  const { ring, rng } = first;
  for (const scene of scenes) scene.open();
  ring.run(4_000);
  const [one, two] = ring.live as [Member, Member];
  const spared = new Set<Id>([one.handle.id, two.handle.id]);
  for (const scene of scenes) {
    for (const member of ring.live) scene.subscribe(member, { type: 'first' });
    scene.publish(one, { batches: 700, everyMs: 100 });
    scene.publish(two, { batches: 700, everyMs: 100, count: 2 });
  }
  const until = ring.now + TROUBLE_MS;
  const strike = (): void => {
    if (ring.now > until) return;
    ring.after(500 + rng.below(3_000), strike);
    const victim = rng.pick(ring.live.filter(({ handle, pausedUntil }) => !spared.has(handle.id) && pausedUntil <= ring.now));
    const peer = rng.pick(ring.live);
    if (victim === undefined || peer === undefined) return;
    const { id } = victim.handle;
    const isPair = (a: Id, b: Id): boolean => (a === id && b === peer.handle.id) || (b === id && a === peer.handle.id);
    const kind = rng.below(10);
    if (kind < 2) ring.pause(id, 5_000 + rng.below(55_000));
    else if (kind < 4) ring.stall(id, 5_000 + rng.below(55_000));
    else if (kind < 6) ring.clogLinks(rng.below(2) === 0 ? isPair : (a, b) => a === id || b === id, 5_000 + rng.below(25_000));
    else if (kind < 7) ring.swallowLinks(rng.below(2) === 0 ? isPair : (a, b) => a === id || b === id);
    else if (ring.live.length < 11 || !scenes.every((scene) => scene.survives(id))) return;
    else if (kind < 9) depart(scenes, victim);
    else crash(scenes, id);
  };
  strike();
  ring.run(until + TROUBLE_MS);
  ring.loss = 0;
  ring.run(ring.now + CALM_MS);
  return scenes;
}

/** Leaves in order, and goes when it was told that it may; comes back later. */
function depart(scenes: readonly Scene[], member: Member): void {
  const [first] = scenes as [Scene];
  for (const scene of scenes) for (const reader of [...scene.readers.values()]) if (reader.member === member) scene.unsubscribe(reader.id);
  const go = (): void => {
    if (!member.alive) return;
    if (scenes.every((scene) => scene.survives(member.handle.id))) crash(scenes, member.handle.id);
    else first.ring.after(500, go);
  };
  first.onLeft.set(member.handle.id, go);
  first.ring.command(member, { type: 'leave' });
}

function crash(scenes: readonly Scene[], id: Id): void {
  const [{ ring, rng }] = scenes as [Scene];
  for (const scene of scenes) scene.crash(id);
  ring.after(1_000 + rng.below(20_000), () => {
    if (ring.member(id)?.alive === true) return;
    const member = ring.join(id);
    for (const scene of scenes) scene.subscribe(member, { type: 'first' });
  });
}
