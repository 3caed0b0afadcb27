import { describe, expect, it } from 'vitest';
import { ADVISED_MOVE_EVERY_MS, type AdviceOutcome, type ParentAdvice } from './advice.ts';
import { adviceFor, movable, pictureOf, treeOf } from './testing/advised.ts';
import type { Member } from './testing/ring-double.ts';
import type { Scene } from './testing/scene.ts';

function outcomes(scene: Scene, member: Member): readonly AdviceOutcome[] {
  return scene.events.flatMap(({ node, event }) => (node === member.handle.id && event.type === 'advised' ? [event.outcome] : []));
}

function give(scene: Scene, member: Member, advice: ParentAdvice): AdviceOutcome | undefined {
  scene.ring.give(member, { type: 'command', command: { type: 'advise', advice } });
  return outcomes(scene, member).at(-1);
}

describe('advice', () => {
  it('moves a node to the parent it names, nothing lost on the way', () => {
    const scene = treeOf(1);
    const { member, better } = movable(scene);
    scene.publish(scene.ring.live[3]!, { batches: 100, everyMs: 10 });
    scene.ring.run(scene.ring.now + 500);
    expect(give(scene, member, adviceFor(scene, member, better))).toBe('taken');
    scene.ring.run(scene.ring.now + 6_000);
    expect(pictureOf(scene, member)?.parent?.id).toBe(better.handle.id);
    expect(scene.wrong).toEqual([]);
    expect(scene.oracle.unfinished()).toBeUndefined();
  });

  it('is left alone when it is not what the node needs, and says why', () => {
    const scene = treeOf(2);
    const { member, better } = movable(scene);
    const advice = adviceFor(scene, member, better);
    expect(give(scene, member, { ...advice, forMs: 0 })).toBe('expired');
    expect(give(scene, member, { ...advice, epoch: advice.epoch + 1 })).toBe('stale');
    expect(give(scene, member, { ...advice, parent: better.handle })).toBe('stale');
    expect(give(scene, member, { ...advice, better: member.handle })).toBe('stale');
    expect(give(scene, member, { ...advice, gain: 0.1 })).toBe('no_gain');
    expect(give(scene, member, { ...advice, gain: Number.NaN })).toBe('no_gain');
    const voter = scene.ring.live.find((other) => pictureOf(scene, other)?.isVoter === true)!;
    expect(give(scene, voter, adviceFor(scene, voter, better))).toBe('duty');
    expect(pictureOf(scene, member)?.parent?.id).toBe(advice.parent.id);
  });

  it('is taken once a minute and group', () => {
    const scene = treeOf(3);
    const { member, better } = movable(scene);
    const former = pictureOf(scene, member)!.parent!;
    expect(give(scene, member, adviceFor(scene, member, better))).toBe('taken');
    expect(give(scene, member, adviceFor(scene, member, better))).toBe('busy');
    scene.ring.run(scene.ring.now + 5_000);
    const back = scene.ring.member(former.id)!;
    expect(give(scene, member, adviceFor(scene, member, back))).toBe('too_soon');
    scene.ring.run(scene.ring.now + ADVISED_MOVE_EVERY_MS);
    expect(give(scene, member, adviceFor(scene, member, back))).toBe('taken');
  });
});
