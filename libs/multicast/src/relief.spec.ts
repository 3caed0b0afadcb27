import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Id } from '@banyan/ids';
import { NOWHERE, type RoutingView } from '@banyan/kbr';
import { seededRng } from '@banyan/sansio';
import { LOCAL_CONFIG } from './config.ts';
import { Group, type Child } from './group.ts';
import { Relief } from './relief.ts';
import { idAt, nodeAt, saidTo } from './testing/lone-node.ts';
import { Scene } from './testing/scene.ts';
import { Turn } from './turn.ts';

// Castro et al. 2002 (Scribe), §II-F: the bottleneck remover.
/** A node of two places in a group each with two children, at 10 to 40 ms. */
function overloaded(): { readonly turn: Turn; readonly groups: Map<Id, Group>; readonly children: readonly Child[] } {
  const far = new Map([10, 20, 30, 40].map((ms) => [idAt(String(ms)), ms]));
  const view: RoutingView = { self: { ...nodeAt('f0'), capacity: 2 }, ready: true, isRoot: () => false, replicaSet: () => [], nextHops: () => [], leaves: () => [], roundTripMs: (peer) => far.get(peer), place: NOWHERE };
  const turn = new Turn(view, seededRng(1), { ...LOCAL_CONFIG, carriedTimes: 1 });
  const groups = new Map([idAt('a'), idAt('b')].map((id) => [id, new Group(id, () => undefined)]));
  const children = ['10', '20', '30', '40'].map((digits, i) => {
    const child = { handle: nodeAt(digits), stage: 'flowing', voter: false, sentBytes: 0, movedDownAt: -Infinity, stalledSince: undefined } as Child;
    [...groups.values()][Math.floor(i / 2)]?.children.set(child.handle.id, child);
    return child;
  });
  return { turn, groups, children };
}

describe('relief', () => {
  it('asks the farthest child of the group that was sent most since the last look to move below its sibling', () => {
    const { turn, groups, children } = overloaded();
    const relief = new Relief();
    const look = (now: number) => {
      turn.begin(now);
      relief.look(turn, groups);
      return saidTo(turn.finish(), 'moveDown').map(({ to, body }) => [to, body.group, body.redirect.map(({ id }) => id)]);
    };
    assert.deepEqual(look(0), [], 'the first look only tells what was sent so far');
    for (const child of children) child.sentBytes += 1_000;
    children[0]!.sentBytes += 5_000;
    assert.deepEqual(look(500), [], 'not before a second has passed');
    assert.deepEqual(look(1_000), [[idAt('20'), idAt('a'), [idAt('10')]]]);
    children[3]!.sentBytes += 50_000;
    assert.deepEqual(look(2_000), [[idAt('40'), idAt('b'), [idAt('30')]]]);
  });
});

describe('a node that carries too many children in all its groups together', () => {
  /** Two groups with a wide fan-out, of which one is published to; the carrying of every node is limited by `carriedTimes` times 16. */
  function scenes(seed: number, carriedTimes: number): { readonly busy: Scene; readonly quiet: Scene } {
    const busy = new Scene({ seed, nodes: 30, descriptor: { fanOutMax: 16, delivery: 'ordered' }, config: { carriedTimes, voters: 1 } });
    const quiet = new Scene({ seed, nodes: 30, descriptor: { fanOutMax: 16, delivery: 'ordered' }, beside: busy });
    for (const scene of [busy, quiet]) {
      scene.open();
      busy.ring.run(busy.ring.now + 2_000);
      for (const member of scene.ring.live) scene.subscribe(member);
    }
    busy.ring.run(8_000);
    busy.publish(busy.ring.live[3]!, { batches: 1_000, bytes: 1_000, everyMs: 20 });
    return { busy, quiet };
  }
  const carriedBy = (scene: Scene, member: Scene['ring']['live'][number]): number => member.machine.describe(scene.group)?.children.length ?? 0;
  const most = (parts: readonly Scene[]): number => Math.max(...(parts[0]?.ring.live ?? []).map((member) => parts.reduce((sum, scene) => sum + carriedBy(scene, member), 0)));

  it('hands the farthest children of the group that costs most down, until it carries what it may', () => {
    const { busy, quiet } = scenes(3, 0.375);
    busy.ring.run(35_000);
    assert.ok(most([busy, quiet]) <= 6, `${most([busy, quiet])} children`);
    assert.ok(busy.notes('child_relieved') > 0);
    for (const scene of [busy, quiet]) {
      assert.equal(scene.unsettled(), undefined);
      assert.deepEqual(scene.wrong, []);
    }
    assert.equal(busy.unreceipted(), undefined);
    assert.equal(busy.oracle.unfinished(), undefined);
  });

  it('moves nobody while it carries no more than it may', () => {
    const { busy, quiet } = scenes(3, 4);
    busy.ring.run(20_000);
    assert.ok(most([busy, quiet]) > 6, `${most([busy, quiet])} children`);
    for (const scene of [busy, quiet]) assert.equal(scene.notes('child_relieved'), 0);
  });
});
