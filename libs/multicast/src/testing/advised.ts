import type { ParentAdvice } from '../advice.ts';
import type { GroupPicture } from '../describe.ts';
import type { Member } from './ring-double.ts';
import { Scene } from './scene.ts';

/** A tree of 24 readers, three children at most, under traffic. */
export function treeOf(seed: number): Scene {
  const scene = new Scene({ seed, nodes: 24, descriptor: { fanOutMax: 3 } });
  scene.open();
  scene.ring.run(2_000);
  for (const member of scene.ring.live) scene.subscribe(member);
  scene.ring.run(8_000);
  return scene;
}

/** How a member sees its own place. */
export function pictureOf(scene: Scene, member: Member): GroupPicture | undefined {
  return member.machine.describe(scene.group);
}

/** Advice that fits the place of `member` as it is now. */
export function adviceFor(scene: Scene, member: Member, better: Member, parts: Partial<ParentAdvice> = {}): ParentAdvice {
  const { parent, record } = pictureOf(scene, member)!;
  return { group: scene.group, epoch: record!.epoch.counter, parent: parent ?? member.handle, better: better.handle, gain: 0.5, forMs: 10_000, ...parts };
}

/** A member that is no voter, and another with room that is not below it. */
export function movable(scene: Scene): { readonly member: Member; readonly better: Member } {
  const below = (member: Member, other: Member): boolean => {
    for (let at = pictureOf(scene, other)?.parent; at !== undefined; at = pictureOf(scene, scene.ring.member(at.id)!)?.parent) if (at.id === member.handle.id) return true;
    return false;
  };
  for (const member of scene.ring.live) {
    const picture = pictureOf(scene, member);
    if (picture?.parent === undefined || picture.isVoter) continue;
    const better = scene.ring.live.find((other) => {
      const place = pictureOf(scene, other);
      return other !== member && place?.parent !== undefined && place.children.length < 3 && other.handle.id !== picture.parent?.id && !below(member, other);
    });
    if (better !== undefined) return { member, better };
  }
  throw new Error('nobody could move');
}
