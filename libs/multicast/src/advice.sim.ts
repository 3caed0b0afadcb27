import { expect, it } from 'vitest';
import { ADVISED_MOVE_EVERY_MS } from './advice.ts';
import { adviceFor, treeOf } from './testing/advised.ts';

// protocols.md, section 5: no cycles, at every instant. The scene looks after every input.
it('advice never closes a circle, whatever it says', () => {
  for (let seed = 4; seed <= 6; seed++) {
    const scene = treeOf(seed);
    scene.publish(scene.ring.live[3]!, { batches: 200, everyMs: 50 });
    for (let wave = 0; wave < 2; wave++) {
      // Everybody is sent under a random other at once, half of them below themselves.
      for (const member of scene.ring.live) {
        const better = scene.rng.pick(scene.ring.live)!;
        if (better !== member) scene.ring.give(member, { type: 'command', command: { type: 'advise', advice: adviceFor(scene, member, better) } });
      }
      scene.ring.run(scene.ring.now + ADVISED_MOVE_EVERY_MS);
    }
    expect(scene.wrong, `seed ${seed}`).toEqual([]);
    expect(scene.unsettled(), `seed ${seed}`).toBeUndefined();
    expect(scene.oracle.unfinished(), `seed ${seed}`).toBeUndefined();
  }
});
