import assert from 'node:assert/strict';
import type { Id } from '@banyan/ids';
import { describe, it } from 'vitest';
import { complaintsOf, islands } from './testing/islands.ts';
import { Scene } from './testing/scene.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 1);
const FIRST = Number(process.env['SEED'] ?? 1);
const APART_S = Number(process.env['APART_S'] ?? 15);
const GROUPS = Number(process.env['GROUPS'] ?? 2);

describe.each([
  ['falls in two', false],
  ['loses one direction between its halves', true],
])('groups of all classes on a ring that %s', (_what, oneWay) => {
  it('are one tree each after it heals, and nothing they promised is broken', () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const scenes = islands({ seed, nodes: 14, groups: GROUPS, apartMs: APART_S * 1_000, oneWay });
      assert.deepEqual(complaintsOf(scenes), [], `seed ${seed}`);
      assert.deepEqual(scenes[0]?.ring.faults, [], `seed ${seed}`);
    }
  });
});

describe('a reliable group in two halves', () => {
  it('answers NO_QUORUM where the minority is, goes on where the majority is, and loses nothing receipted', () => {
    const scene = new Scene({ seed: 81, nodes: 16, descriptor: { retentionBytes: 16 * 1_048_576 } });
    const { ring } = scene;
    scene.open();
    ring.run(8_000);
    for (const member of ring.live) scene.subscribe(member, { type: 'first' });
    ring.run(10_000);
    const record = scene.record()!;
    const isFew = (id: Id): boolean => record.voters.slice(0, 2).some((voter) => voter.id === id);
    const others = ring.live.filter((member) => !record.voters.some((voter) => voter.id === member.handle.id));
    const few = new Set([...ring.live.filter(({ handle }) => isFew(handle.id)), ...others.slice(0, 5)].map(({ handle }) => handle.id));
    const [here, there] = [others[0]!, others[6]!];
    scene.publish(here, { batches: 300, everyMs: 100 });
    scene.publish(there, { batches: 300, everyMs: 100 });
    ring.run(13_000);
    ring.split(few);
    ring.run(25_000);
    const stalled = scene.events.filter(({ event }) => event.type === 'publishStalled');
    assert.deepEqual([...new Set(stalled.map(({ node, event }) => `${node} ${event.type === 'publishStalled' ? event.reason : ''}`))], [`${here.handle.id} NO_QUORUM`]);
    const receiptedThere = scene.publishers[1]!.receipted.size;
    assert.ok(receiptedThere > 100, `${receiptedThere} receipts`);
    ring.heal();
    ring.run(70_000);
    assert.deepEqual(complaintsOf([scene]), []);
  });
});

describe('an island that once went wrong', () => {
  it('one direction lost, seed 3: a root cut off from its successor invited it for ever, and was never told that it is over', () => {
    assert.deepEqual(complaintsOf(islands({ seed: 3, nodes: 14, groups: 2, apartMs: 15_000, oneWay: true })), []);
  });
});
