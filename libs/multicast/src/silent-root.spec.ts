// A root that stands still: nobody's connection breaks, and everybody waits for it as briefly as may be.
import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Millis } from '@banyan/sansio';
import { Scene } from './testing/scene.ts';

describe('a root that stands still', () => {
  it.each([{ inTree: true }, { inTree: false }])('has a successor and its publishers within two and a half seconds: %o', ({ inTree }) => {
    for (let seed = 1; seed <= 3; seed++) {
      const scene = new Scene({ seed, nodes: 14, descriptor: { fanOutMax: 4 } });
      const { ring } = scene;
      scene.open();
      ring.run(5_000);
      const root = ring.live.find((member) => member.machine.describe(scene.group)?.role === 'root')!;
      const isPart = ({ machine }: { readonly machine: typeof root.machine }): boolean => machine.describe(scene.group) !== undefined;
      const publisher = ring.live.find((member) => member !== root && (inTree || !isPart(member)))!;
      const readers = ring.live.filter((member) => member !== root && (inTree || member !== publisher)).map((member) => scene.subscribe(member));
      ring.run(8_000);
      scene.publish(publisher, { batches: 1_000, everyMs: 10 });
      ring.run(9_000);
      ring.pause(root.handle.id, 20_000);
      ring.run(17_000);
      const silences = readers.map((reader) => longestSilence(scene, reader));
      assert.ok(Math.max(...silences) < 2_500, `seed ${seed}: silences ${silences.join()}`);
      ring.run(40_000);
      assert.equal(scene.unreceipted(), undefined, `seed ${seed}`);
      assert.deepEqual(scene.wrong, [], `seed ${seed}`);
    }
  });
});

function longestSilence(scene: Scene, reader: number): Millis {
  let [last, longest] = [9_000, 0];
  for (const { at, event } of scene.events) {
    if (event.type !== 'messages' || event.subscription !== reader || at < 9_000) continue;
    longest = Math.max(longest, at - last);
    last = at;
  }
  return Math.max(longest, 17_000 - last);
}
