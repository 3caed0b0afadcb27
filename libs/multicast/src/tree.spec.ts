import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { Scene } from './testing/scene.ts';

describe('a tree without faults', () => {
  it('delivers everything once, in order, to every reader', () => {
    for (let seed = 1; seed <= 3; seed++) {
      const scene = new Scene({ seed, nodes: 16 });
      scene.open();
      scene.ring.run(2_000);
      for (const member of scene.ring.live) scene.subscribe(member);
      scene.ring.run(5_000);
      scene.publish(scene.ring.live[3]!, { batches: 200 });
      scene.ring.run(20_000);
      assert.deepEqual(scene.wrong, []);
      assert.equal(scene.unsettled(), undefined);
      assert.equal(scene.unreceipted(), undefined);
      assert.equal(scene.oracle.unfinished(), undefined);
      assert.equal(scene.oracle.end, 201);
      assert.deepEqual(scene.ring.faults, []);
    }
  });
});
