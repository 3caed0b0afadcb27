import { idFromBigInt, randomId, type Id } from '@banyan/ids';
import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import type { PresentNode, PresentTree } from './present-tree.ts';
import { runPlan } from './run-plan.ts';

const GROUP = idFromBigInt(1n << 120n);
const pause = () => Promise.resolve();

/** Three zones in turn, zone z0 with the root; each node under the one a third of its number, so at most three children. */
function tree(count: number, { voters = [0, 1, 2], zones = 3 }: { readonly voters?: readonly number[]; readonly zones?: number } = {}): PresentTree {
  const rng = seededRng(7);
  const ids = Array.from({ length: count }, () => randomId(rng));
  const nodes = ids.map((id, i): PresentNode => ({
    id,
    parent: i === 0 ? undefined : ids[voters.includes(i) ? 0 : Math.floor((i - 1) / 3)],
    isRoot: i === 0,
    isVoter: voters.includes(i),
    hasSubscribers: true,
    region: 'here',
    zone: `z${i % zones}`,
    capacity: 8,
  }));
  const numberOf = new Map(ids.map((id, i) => [id, i]));
  const roundTripMs = (a: Id, b: Id): number => 2 + 10 * Math.abs(((numberOf.get(a) ?? 0) % zones) - ((numberOf.get(b) ?? 0) % zones));
  return { group: GROUP, nodes, publishers: [], delivery: 'reliable', fanOutMax: 6, roundTripMs };
}

describe('a plan', () => {
  it('begins with the tree as it stands', async () => {
    const { before } = await runPlan(tree(30), { type: 'double' }, { pause });
    expect(before).toMatchObject({ nodes: 30, orphans: 0, depthMax: 3, root: tree(30).nodes[0]?.id });
  });

  it('loses a zone without the root: everybody who lives has what is new within seconds, and nothing is lost', async () => {
    const outcome = await runPlan(tree(30), { type: 'loseZone', zone: 'z2' }, { pause });
    expect(outcome).toMatchObject({ lost: 10, lostVoters: 1, unreached: 0, messagesLost: 0, hasNoQuorum: false });
    expect(outcome.after).toMatchObject({ nodes: 20, orphans: 0, root: outcome.before.root });
    expect(outcome.reachedAfterMs).toBeLessThan(6_000);
  });

  it('loses the zone of the root: another one takes over', async () => {
    const outcome = await runPlan(tree(30), { type: 'loseZone', zone: 'z0' }, { pause });
    expect(outcome).toMatchObject({ lost: 10, unreached: 0, messagesLost: 0, hasNoQuorum: false });
    expect(outcome.after.root).not.toBe(outcome.before.root);
    expect(outcome.reachedAfterMs).toBeGreaterThan(500);
  });

  it('says that there is no quorum where the voters stand in one zone that dies', async () => {
    const outcome = await runPlan(tree(30, { voters: [0, 3, 6] }), { type: 'loseZone', zone: 'z0' }, { pause });
    expect(outcome).toMatchObject({ lostVoters: 3, hasNoQuorum: true, reachedAfterMs: undefined, unreached: 20 });
  });

  it('doubles a group: everybody finds a place', async () => {
    const outcome = await runPlan(tree(30), { type: 'double' }, { pause });
    expect(outcome).toMatchObject({ lost: 0, unreached: 0, messagesLost: 0 });
    expect(outcome.after).toMatchObject({ nodes: 60, orphans: 0 });
  });

  it('builds the tree with another fan-out: fewer children make it deeper', async () => {
    const [narrow, wide] = [await runPlan(tree(40), { type: 'fanOut', children: 2 }, { pause }), await runPlan(tree(40), { type: 'fanOut', children: 8 }, { pause })];
    expect(narrow.after).toMatchObject({ nodes: 40, orphans: 0 });
    expect(narrow.after.depthMax).toBeGreaterThan(wide.after.depthMax);
  });

  it('is a function of its seed', async () => {
    const ask = () => runPlan(tree(20), { type: 'loseZone', zone: 'z1' }, { seed: 3, pause });
    expect(await ask()).toEqual(await ask());
  });
});
