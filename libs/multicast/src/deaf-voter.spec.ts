// A voter that no longer hears the root, while everybody else does: the group goes on as if nothing had been.
import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Millis } from '@banyan/sansio';
import { Scene } from './testing/scene.ts';

/** From 9 s on what root and voter send one another is lost, in the direction given; the voter's ring thinks the root dead, or does not. */
function run(seed: number, { isRootDeaf, isMourned }: { readonly isRootDeaf: boolean; readonly isMourned: boolean }): { readonly scene: Scene; readonly silences: readonly Millis[]; readonly epochs: number } {
  const scene = new Scene({ seed, nodes: 12, descriptor: { fanOutMax: 4 } });
  const { ring } = scene;
  scene.open();
  ring.run(5_000);
  const readers = ring.live.map((member) => scene.subscribe(member));
  ring.run(8_000);
  const root = ring.live.find((member) => member.machine.describe(scene.group)?.role === 'root')!;
  const record = root.machine.recordOf(scene.group)!;
  const voter = ring.live.find((member) => member !== root && record.voters.some(({ id }) => id === member.handle.id))!;
  scene.publish(ring.live.find((member) => member !== root && member !== voter)!, { batches: 2_000, everyMs: 10 });
  ring.run(9_000);
  const [from, to] = isRootDeaf ? [voter, root] : [root, voter];
  ring.isCut = (a, b) => a === from.handle.id && b === to.handle.id;
  ring.breakLinks((a, b) => [a, b].every((id) => id === root.handle.id || id === voter.handle.id));
  if (isMourned) ring.mourn(voter, root.handle);
  ring.run(35_000);
  const newest = Math.max(...ring.live.map((member) => member.machine.recordOf(scene.group)?.epoch.counter ?? 0));
  return { scene, silences: readers.map((reader) => longestSilence(scene, reader)), epochs: newest - record.epoch.counter };
}

function longestSilence(scene: Scene, reader: number): Millis {
  let [last, longest] = [9_000, 0];
  for (const { at, event } of scene.events) {
    if (event.type !== 'messages' || event.subscription !== reader || at < 9_000 || at > 27_000) continue;
    longest = Math.max(longest, at - last);
    last = at;
  }
  return Math.max(longest, 27_000 - last);
}

describe('a voter and a root of which one does not hear the other', () => {
  it.each([
    { isRootDeaf: false, isMourned: false },
    { isRootDeaf: false, isMourned: true },
    { isRootDeaf: true, isMourned: false },
    { isRootDeaf: true, isMourned: true },
  ])('cost nobody much: %o', (cut) => {
    for (let seed = 1; seed <= 2; seed++) {
      const { scene, silences, epochs } = run(seed, cut);
      assert.ok(Math.max(...silences) < 1_500, `seed ${seed}: silences ${silences.join()}`);
      // The root replaces the voter that it does not reach.
      assert.ok(epochs <= 3, `seed ${seed}: ${epochs} epochs`);
      assert.deepEqual(scene.wrong, [], `seed ${seed}`);
      assert.equal(scene.unreceipted(), undefined, `seed ${seed}`);
    }
  });
});
