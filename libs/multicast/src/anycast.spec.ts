import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { MulticastEvent } from './commands.ts';
import { Scene } from './testing/scene.ts';
import type { Member } from './testing/ring-double.ts';

type Offer = Extract<MulticastEvent, { type: 'anycastOffer' }>;
type Ended = Extract<MulticastEvent, { type: 'anycastEnded' }>;

/** A tree of twelve nodes, all with a member, of whom `takes` says who takes what he is offered. */
function tree(seed: number, takes: (member: Member) => boolean | undefined, loss = 0): Scene {
  const scene = new Scene({ seed, nodes: 12, loss, descriptor: { fanOutMax: 3 } });
  scene.open();
  scene.ring.run(3_000);
  for (const member of scene.ring.live) scene.subscribe(member, { type: 'latest' }, { answers: true });
  scene.ring.observers.push({
    onEvent: (member, event) => {
      if (event.type !== 'anycastOffer') return;
      const accepted = takes(member);
      if (accepted === undefined) return;
      scene.ring.after(10, () => scene.ring.command(member, { type: 'answerAnycast', offer: event.offer, accepted, reply: member.handle.id, bytes: 32 }));
    },
    afterInput: () => undefined,
  });
  scene.ring.run(10_000);
  return scene;
}

const ask = (scene: Scene, member: Member, visitsMax?: number): void => scene.ring.command(member, { type: 'anycast', query: 1, group: scene.group, payload: 'job', bytes: 3, ...(visitsMax === undefined ? {} : { visitsMax }) });
const offersIn = (scene: Scene): readonly Offer[] => scene.events.flatMap(({ event }) => (event.type === 'anycastOffer' ? [event] : []));
const offeredAt = (scene: Scene): readonly string[] => scene.events.flatMap(({ node, event }) => (event.type === 'anycastOffer' ? [node] : []));
const endedIn = (scene: Scene): readonly Ended['outcome'][] => scene.events.flatMap(({ event }) => (event.type === 'anycastEnded' ? [event.outcome] : []));

describe('anycast (Castro et al. 2003, §3)', () => {
  it('is taken by a member of the node that asks, if it has one', () => {
    const scene = tree(1, () => true);
    const asker = scene.ring.live[4]!;
    ask(scene, asker);
    scene.ring.run(12_000);
    assert.deepEqual(endedIn(scene), [{ type: 'accepted', by: asker.handle, reply: asker.handle.id, visits: 1 }]);
    assert.deepEqual(offersIn(scene).map(({ payload, origin }) => [payload, origin.id]), [['job', asker.handle.id]]);
  });

  it('goes through the whole tree, depth first, each node once, and says so when everybody passes', () => {
    const scene = tree(2, () => false);
    ask(scene, scene.ring.live[3]!);
    scene.ring.run(12_000);
    assert.deepEqual(endedIn(scene), [{ type: 'refused', reason: 'NOBODY', visits: 12 }]);
    const visited = offeredAt(scene);
    assert.equal(new Set(visited).size, 12);
    assert.equal(visited.length, 12);
    // Whose children are asked at all, they are asked before anybody who is not below that node.
    for (const member of scene.ring.live) {
      const below = new Set(member.machine.describe(scene.group)!.children.map(({ id }) => id));
      const at = visited.indexOf(member.handle.id);
      const unseen = [...below].filter((child) => visited.indexOf(child) > at);
      if (unseen.length > 0) assert.ok(below.has(visited[at + 1] as never), 'a child follows its parent');
    }
  });

  it('finds the one who takes it, wherever he is', () => {
    for (let seed = 3; seed < 9; seed++) {
      const taker: { id?: string } = {};
      const scene = tree(seed, (member) => member.handle.id === taker.id);
      taker.id = scene.ring.live[seed]!.handle.id;
      ask(scene, scene.ring.live[0]!);
      scene.ring.run(13_000);
      const [outcome] = endedIn(scene);
      assert.equal(outcome?.type === 'accepted' && outcome.by.id, taker.id, `seed ${seed}`);
    }
  });

  it('visits no more nodes than it may', () => {
    const scene = tree(4, () => false);
    ask(scene, scene.ring.live[3]!, 5);
    scene.ring.run(12_000);
    assert.deepEqual(endedIn(scene), [{ type: 'refused', reason: 'VISITS', visits: 5 }]);
    assert.equal(offeredAt(scene).length, 5);
  });

  it('passes by a member that does not answer', () => {
    let first: string | undefined;
    const scene = tree(5, (member) => ((first ??= member.handle.id) === member.handle.id ? undefined : true));
    ask(scene, scene.ring.live[2]!);
    scene.ring.run(13_000);
    assert.equal(endedIn(scene)[0]?.type, 'accepted');
    assert.equal(offeredAt(scene).length, 2);
  });

  it('enters at the first node of the tree on the way to the key when the asker has no part in it', () => {
    const scene = tree(6, () => true);
    const stranger = scene.ring.join(scene.ids[0]!.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) as never);
    scene.ring.run(16_000);
    ask(scene, stranger);
    scene.ring.run(20_000);
    const [outcome] = endedIn(scene);
    assert.ok(outcome?.type === 'accepted' && outcome.visits <= 2, JSON.stringify(outcome));
    assert.deepEqual(stranger.machine.groups(), []);
  });

  it('is answered although messages are lost, and says when the group is unknown', () => {
    for (let seed = 7; seed < 12; seed++) {
      const scene = tree(seed, () => true, 0.3);
      const asker = scene.ring.live[1]!;
      scene.unsubscribe(2);
      ask(scene, asker);
      scene.ring.run(60_000);
      assert.equal(endedIn(scene).length, 1, `seed ${seed}`);
    }
    const scene = new Scene({ seed: 1, nodes: 4 });
    scene.ring.run(1_000);
    ask(scene, scene.ring.live[1]!);
    scene.ring.run(3_000);
    assert.deepEqual(endedIn(scene).map((outcome) => outcome.type === 'refused' && outcome.reason), ['UNKNOWN_GROUP']);
  });
});
