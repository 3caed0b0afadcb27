import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { idAt } from '../testing/lone-node.ts';
import { descriptorOf, Scene } from '../testing/scene.ts';
import { isStriped, stripeCount, stripeDescriptor, stripeKey } from './stripe-groups.ts';

function stripedScene(seed: number, descriptor: Parameters<typeof descriptorOf>[1] = {}): Scene {
  const scene = new Scene({ seed, nodes: 16, descriptor: { stripes: 4, ...descriptor } });
  scene.open();
  scene.ring.run(2_000);
  return scene;
}

function assertWhole(scene: Scene): void {
  assert.deepEqual(scene.wrong, []);
  assert.equal(scene.unreceipted(), undefined);
  assert.equal(scene.oracle.unfinished(), undefined);
  assert.deepEqual(scene.ring.faults, []);
}

describe('the stripes of a group', () => {
  // Castro et al. 2003 (SplitStream), §3.2: stripe ids that differ in the first digit have trees with disjoint interiors.
  it('have keys of different first digits, as far apart as they can be', () => {
    const digits = (count: number) => Array.from({ length: count }, (_, index) => stripeKey(idAt('e5'), index, count).slice(0, 1));
    assert.deepEqual(digits(4), ['e', '2', '6', 'a']);
    assert.equal(new Set(digits(16)).size, 16);
    assert.ok(!Array.from({ length: 16 }, (_, index) => stripeKey(idAt('e5'), index, 16)).includes(idAt('e5')), 'none is the key of the main tree');
  });

  it('are described by the descriptor of their group and an index', () => {
    const group = descriptorOf(idAt('e5'), { stripes: 4, version: 7 });
    assert.ok(isStriped(group));
    const stripe = stripeDescriptor(group, 2);
    assert.deepEqual(stripe.stripe, { of: group.group, index: 2 });
    assert.deepEqual({ ...stripe, group: group.group, stripe: undefined }, { ...group, stripe: undefined });
    assert.ok(!isStriped(stripe), 'a stripe has no stripes');
    assert.equal(stripeCount(stripe), 4);
  });
});

describe('a striped group', () => {
  it('delivers everything once, in the order of its main tree, to every reader', () => {
    for (const delivery of ['reliable', 'ordered'] as const) {
      const scene = stripedScene(1, { delivery });
      for (const member of scene.ring.live) scene.subscribe(member);
      scene.ring.run(8_000);
      scene.publish(scene.ring.live[3]!, { batches: 150 });
      scene.publish(scene.ring.live[4]!, { batches: 150, count: 1, everyMs: 7 });
      scene.ring.run(20_000);
      assertWhole(scene);
      assert.equal(scene.oracle.end, 301);
      // The main tree carried places only.
      const roots = scene.ring.live.map((member) => member.machine.describe(scene.group)).filter((picture) => picture?.role === 'root');
      assert.ok((roots[0]?.retainedBytes ?? Infinity) < 300 * 100);
    }
  });

  it('brings a late reader everything that is kept, and one that begins at the newest nothing older', () => {
    const scene = stripedScene(2);
    scene.subscribe(scene.ring.live[0]!);
    scene.ring.run(6_000);
    scene.publish(scene.ring.live[0]!, { batches: 300, everyMs: 20 });
    scene.ring.run(9_000);
    scene.subscribe(scene.ring.live[5]!, { type: 'first' });
    scene.subscribe(scene.ring.live[6]!, { type: 'latest' });
    scene.subscribe(scene.ring.live[7]!, { type: 'last', count: 10 });
    scene.ring.run(30_000);
    assertWhole(scene);
    assert.equal(scene.events.filter(({ event }) => event.type === 'gap').length, 0);
  });

  it('holds a slow reader to its window, and nobody else', () => {
    const scene = stripedScene(3);
    scene.subscribe(scene.ring.live[1]!, { type: 'latest' }, { slowMs: 50, windowBytes: 4_000 });
    scene.subscribe(scene.ring.live[2]!);
    scene.ring.run(8_000);
    scene.publish(scene.ring.live[2]!, { batches: 200, everyMs: 5 });
    scene.ring.run(30_000);
    assertWhole(scene);
  });

  it('holds a publisher back at its window, and lets it go on', () => {
    const scene = new Scene({ seed: 4, nodes: 12, descriptor: { stripes: 4 }, config: { publishWindowBytes: 20_000 } });
    scene.open();
    scene.ring.run(2_000);
    for (const member of scene.ring.live) scene.subscribe(member);
    scene.ring.run(8_000);
    scene.publish(scene.ring.live[3]!, { batches: 200, everyMs: 1 });
    scene.ring.run(40_000);
    assert.ok(scene.events.some(({ event }) => event.type === 'publishBlocked'));
    assertWhole(scene);
    assert.equal(scene.oracle.end, 201);
  });

  it('finds a place for everybody in every stripe where hardly any is to spare, and moves nobody any more then', () => {
    const scene = new Scene({ seed: 6, nodes: 24, descriptor: { stripes: 8, fanOutMax: 8, delivery: 'ordered' } });
    scene.open();
    scene.ring.run(2_000);
    for (const member of scene.ring.live) scene.subscribe(member);
    scene.ring.run(15_000);
    const pictures = Array.from({ length: 8 }, (_, index) => stripeDescriptor(scene.descriptor, index).group).flatMap((stripe) => scene.ring.live.map((member) => member.machine.describe(stripe)));
    assert.deepEqual(pictures.map((picture) => picture?.role ?? 'none').filter((role) => role === 'orphan' || role === 'none'), []);
    let moves = 0;
    scene.ring.observers.push({ onEvent: (_member, event) => (moves += event.type === 'note' ? 1 : 0), afterInput: () => undefined });
    scene.ring.run(25_000);
    assert.equal(moves, 0);
  });

  it('ends with all its stripes', () => {
    const scene = stripedScene(5);
    for (const member of scene.ring.live) scene.subscribe(member);
    scene.ring.run(8_000);
    scene.ring.command(scene.ring.live[0]!, { type: 'open', descriptor: { ...scene.descriptor, version: 2, closed: true } });
    scene.ring.run(40_000);
    assert.equal(scene.events.filter(({ event }) => event.type === 'ended').length, scene.ring.live.length);
    for (const member of scene.ring.live) assert.deepEqual(member.machine.groups(), []);
    assertWhole(scene);
  });
});
