// A parent whose beats come and whose data port is silent, as behind a filter that lost its state: the machine's answer to it.
import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Millis } from '@banyan/sansio';
import type { GroupPicture } from './describe.ts';
import type { Member } from './testing/ring-double.ts';
import { Scene } from './testing/scene.ts';

const UNTIL = 40_000;

/** Everybody reads; from 8 s on the data port of the chosen parent swallows what is for its child, to the end. */
function run(seed: number, nodes: number, choose: (pictures: readonly Picture[]) => Picture | undefined): { readonly scene: Scene; readonly silenceMs: Millis; readonly epochs: number } {
  const scene = new Scene({ seed, nodes, descriptor: { fanOutMax: 3 } });
  scene.open();
  scene.ring.run(5_000);
  const readers = new Map(scene.ring.live.map((member) => [member, scene.subscribe(member)]));
  scene.ring.run(8_000);
  scene.publish(scene.ring.live[0]!, { batches: 3_000, everyMs: 10 });
  scene.ring.run(9_000);
  const child = choose(picturesOf(scene));
  assert.ok(child !== undefined, `seed ${seed}: there is such an edge`);
  const [before, parent] = [epochOf(scene), child.picture.parent];
  scene.ring.swallowsData = (from, to) => from === child.member.handle.id && to === parent?.id;
  scene.ring.run(UNTIL);
  return { scene, silenceMs: longestSilence(scene, readers.get(child.member)!), epochs: epochOf(scene) - before };
}

interface Picture {
  readonly member: Member;
  readonly picture: GroupPicture;
}

function picturesOf(scene: Scene): readonly Picture[] {
  return scene.ring.live.flatMap((member) => {
    const picture = member.machine.describe(scene.group);
    return picture === undefined ? [] : [{ member, picture }];
  });
}

const epochOf = (scene: Scene): number => Math.max(...scene.ring.live.map((member) => member.machine.recordOf(scene.group)?.epoch.counter ?? 0));

function longestSilence(scene: Scene, reader: number): Millis {
  let [last, longest] = [9_000, 0];
  for (const { at, event } of scene.events) {
    if (event.type !== 'messages' || event.subscription !== reader || at < 9_000 || at > 38_000) continue;
    longest = Math.max(longest, at - last);
    last = at;
  }
  return Math.max(longest, 38_000 - last);
}

const isBelowForwarder = ({ picture }: Picture): boolean => picture.role !== 'root' && !picture.isVoter;
const isVoterBelowRoot = ({ picture }: Picture): boolean => picture.isVoter && picture.parent !== undefined && picture.parent.id === picture.record?.root.id;

describe('a parent that beats and whose data port is silent', () => {
  it('is left by a forwarder, once', () => {
    for (let seed = 1; seed <= 2; seed++) {
      const { scene, silenceMs, epochs } = run(seed, 14, (all) => all.find(isBelowForwarder));
      assert.ok(silenceMs < 6_000, `seed ${seed}: silent for ${silenceMs} ms`);
      assert.equal(epochs, 0, `seed ${seed}`);
      assert.deepEqual(scene.wrong, [], `seed ${seed}`);
    }
  });

  it('is left by a voter, whose root lives and stays root', () => {
    for (let seed = 1; seed <= 2; seed++) {
      const { scene, silenceMs, epochs } = run(seed, 14, (all) => all.find(isVoterBelowRoot));
      assert.ok(silenceMs < 6_000, `seed ${seed}: silent for ${silenceMs} ms`);
      // The root replaces a voter that it does not reach, and that is all.
      assert.ok(epochs <= 1, `seed ${seed}: ${epochs} epochs`);
      assert.deepEqual(scene.wrong, [], `seed ${seed}`);
    }
  });

  it('is gone back to without haste where nobody else has a place, and gives everything once it can', () => {
    const { scene, silenceMs } = run(1, 2, (all) => all.find(({ picture }) => picture.role !== 'root'));
    assert.ok(silenceMs > 20_000, 'there is no other way');
    const places = scene.events.filter(({ at, event }) => at > 9_000 && event.type === 'note' && event.note === 'joined');
    assert.ok(places.length > 2 && places.length < 20, `${places.length} times`);
    scene.ring.swallowsData = () => false;
    scene.ring.run(90_000);
    const child = picturesOf(scene).find(({ picture }) => picture.role !== 'root');
    const root = picturesOf(scene).find(({ picture }) => picture.role === 'root');
    assert.equal(child?.picture.next, root?.picture.next);
    assert.equal(scene.unreceipted(), undefined);
    assert.deepEqual(scene.wrong, []);
  });
});
