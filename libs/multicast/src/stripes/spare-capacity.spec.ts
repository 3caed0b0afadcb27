import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { Scene } from '../testing/scene.ts';
import { stripeDescriptor } from './stripe-groups.ts';

const STRIPES = 16;

/** Sixty nodes of sixteen places in sixteen stripes: 944 of 960 places are taken. */
function tight(seed: number): { readonly scene: Scene; missing(): number } {
  const scene = new Scene({ seed, nodes: 60, descriptor: { stripes: STRIPES, fanOutMax: STRIPES, delivery: 'ordered' } });
  scene.open();
  scene.ring.run(2_000);
  for (const member of scene.ring.live) scene.subscribe(member);
  const keys = Array.from({ length: STRIPES }, (_, index) => stripeDescriptor(scene.descriptor, index).group);
  const isMissing = (role: string | undefined): boolean => role === undefined || role === 'orphan';
  return { scene, missing: () => scene.ring.live.reduce((sum, member) => sum + keys.filter((key) => isMissing(member.machine.describe(key)?.role)).length, 0) };
}

// Castro et al. 2003 (SplitStream), §3.4: who was refused by all it knows finds what capacity is left by anycast.
describe('spare capacity', () => {
  it('is found by those whom everybody they knew refused, within seconds where hardly any is left', () => {
    for (let seed = 1; seed <= 3; seed++) {
      const { scene, missing } = tight(seed);
      scene.ring.run(6_000);
      assert.equal(missing(), 0, `seed ${seed}`);
      assert.deepEqual(scene.wrong, []);
    }
  });

  it('comes to rest: nobody looks for a place any more, and nobody moves', () => {
    const { scene, missing } = tight(4);
    scene.ring.run(12_000);
    const said: string[] = [];
    scene.ring.observers.push({ onEvent: (_member, event) => void (event.type === 'note' && said.push(event.note)), afterInput: () => undefined });
    scene.ring.run(20_000);
    assert.equal(missing(), 0);
    assert.deepEqual(said, []);
  });

  it('is found again after a quarter of the nodes died at once', () => {
    const { scene, missing } = tight(5);
    scene.ring.run(10_000);
    for (const member of scene.ring.live.slice(0, 15)) scene.crash(member.handle.id);
    scene.ring.run(16_000);
    assert.equal(missing(), 0);
  });
});
