import type { Id } from '@banyan/ids';
import type { Millis } from '@banyan/sansio';
import type { DeliveryClass } from '../descriptor.ts';
import type { Member } from './ring-double.ts';
import { Scene } from './scene.ts';

export interface IslandOptions {
  readonly seed: number;
  readonly nodes: number;
  /** Groups of each delivery class. */
  readonly groups: number;
  /** How long the ring is in two. */
  readonly apartMs: Millis;
  readonly oneWay: boolean;
}

const CLASSES: readonly DeliveryClass[] = ['reliable', 'ordered', 'best-effort'];
const HEALED_MS: Millis = 60_000;

/** Many groups of all classes on one ring, publishers and readers on both sides while it falls in two and heals again. */
export function islands({ seed, nodes, groups, apartMs, oneWay }: IslandOptions): readonly Scene[] {
  const first = new Scene({ seed, nodes, loss: 0.02, descriptor: { delivery: 'reliable', retentionBytes: 16 * 1_048_576 } });
  const scenes = [first];
  for (let i = 1; i < groups * CLASSES.length; i++) {
    scenes.push(new Scene({ seed, nodes, beside: first, descriptor: { delivery: CLASSES[i % CLASSES.length] ?? 'reliable', retentionBytes: 16 * 1_048_576 } }));
  }
  const { ring, rng } = first;
  for (const scene of scenes) scene.open();
  ring.run(5_000);
  for (const scene of scenes) {
    const start = ring.now;
    for (const member of rng.shuffle(ring.live).slice(0, Math.ceil(nodes / 2))) scene.subscribe(member, { type: 'first' });
    const [one, two] = rng.shuffle(ring.live) as [Member, Member];
    const everyMs = 100 + rng.below(200);
    const batches = Math.floor((5_000 + apartMs + 20_000) / everyMs);
    scene.publish(one, { batches, everyMs });
    scene.publish(two, { batches, everyMs, count: 2 });
    ring.run(start + 50);
  }
  ring.run(ring.now + 5_000);
  const side = new Set<Id>(rng.shuffle(first.ids).slice(0, Math.max(1, Math.floor(nodes / 2) - rng.below(3))));
  if (oneWay) ring.cutOneWay(side);
  else ring.split(side);
  ring.run(ring.now + apartMs);
  ring.heal();
  ring.run(ring.now + 20_000);
  ring.loss = 0;
  ring.run(ring.now + HEALED_MS);
  return scenes;
}

/** What turned out false or is still open, as sentences. */
export function complaintsOf(scenes: readonly Scene[]): readonly string[] {
  return scenes.flatMap((scene, i) => {
    const open = [scene.unsettled(), scene.unreceipted(), scene.oracle.unfinished()].filter((sentence) => sentence !== undefined);
    return [...scene.wrong, ...open].map((sentence) => `group ${i} (${scene.descriptor.delivery}): ${sentence}`);
  });
}
