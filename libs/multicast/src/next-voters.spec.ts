import assert from 'node:assert/strict';
import type { NodeHandle } from '@banyan/kbr';
import { describe, it } from 'vitest';
import type { EpochRecord } from './epoch.ts';
import { idAt, LoneNode, nodeAt, saidTo } from './testing/lone-node.ts';
import { descriptorOf } from './testing/scene.ts';

const GROUP = idAt('f0');
const DESCRIPTOR = descriptorOf(GROUP);
const SELF = nodeAt('ef');
const [ROOT, B, C, D] = [nodeAt('f1'), nodeAt('f2'), nodeAt('f3'), nodeAt('e9')] as const;
/** Leaves that vote in no record, nearest to the key first. */
const [NEAR, FAR] = [nodeAt('f4'), nodeAt('e0')] as const;

interface Case {
  /** The voters of the last record beside SELF and its dead root. */
  readonly others: readonly NodeHandle[];
  readonly promise: readonly NodeHandle[];
  readonly dead: readonly NodeHandle[];
  readonly leaves: readonly NodeHandle[];
}

/** SELF seals the last record after its root died; what it said once these had promised. */
function sealed({ others, promise, dead, leaves }: Case): { readonly node: LoneNode; readonly voters: readonly NodeHandle[]; readonly counter: number } {
  const record: EpochRecord = { epoch: { counter: 1, root: ROOT.id, incarnation: 1 }, root: ROOT, voters: [ROOT, SELF, ...others], firstSequence: 1, lineage: [] };
  const node = new LoneNode(SELF, [ROOT, ...others, ...leaves]);
  node.hear(ROOT, { type: 'catchUp', group: GROUP, ballot: record.epoch, record, descriptor: DESCRIPTOR });
  node.hear(ROOT, { type: 'record', group: GROUP, record, descriptor: DESCRIPTOR });
  const beginning = [...dead, ROOT].flatMap((peer) => node.give({ type: 'peerDead', peer }));
  const { ballot } = saidTo([...beginning, ...node.wait(100)], 'prepare').at(-1)!.body;
  const effects = promise.flatMap((from) => node.hear(from, { type: 'promise', group: GROUP, ballot, low: 1, next: 1, committed: 1 }));
  const { voters } = saidTo([...effects, ...node.wait(1_000)], 'catchUp')[0]!.body.record;
  return { node, voters, counter: ballot.counter };
}

describe('the next voters', () => {
  const cases: readonly (Case & { readonly title: string; readonly named: readonly NodeHandle[] })[] = [
    { title: 'leaves stand in for voters thought dead, one for one', others: [B], promise: [B], dead: [], leaves: [NEAR, FAR], named: [SELF, B, NEAR] },
    { title: 'of five', others: [B, C, D], promise: [B, C], dead: [D], leaves: [FAR, NEAR], named: [SELF, B, C, NEAR, FAR] },
    { title: 'one more is named where the number would be even: a voter thought dead may live', others: [B], promise: [B], dead: [], leaves: [], named: [SELF, B, ROOT] },
    { title: 'or a leaf where there is one', others: [B, C], promise: [B, C], dead: [], leaves: [NEAR, FAR], named: [SELF, B, C, NEAR, FAR] },
    { title: 'where nobody can stand in an odd number goes on without those thought dead', others: [B, C, D], promise: [B, C], dead: [D], leaves: [], named: [SELF, B, C] },
    { title: 'a silent voter not thought dead is named before any leaf', others: [B, C, D], promise: [B, C], dead: [], leaves: [NEAR, FAR], named: [SELF, B, C, D, NEAR] },
  ];

  it.each(cases)('$title', ({ named, ...given }) => {
    const { voters } = sealed(given);
    assert.deepEqual(new Set(voters.map(({ id }) => id)), new Set(named.map(({ id }) => id)));
  });

  it('are asked to accept once those who promised and those who stand in hold the history, or had as long again as the majority', () => {
    for (const comes of [true, false]) {
      const { node, counter } = sealed({ others: [B], promise: [B], dead: [], leaves: [NEAR] });
      const ballot = { counter, root: SELF.id, incarnation: 1 };
      const caughtUp = { type: 'caughtUp' as const, group: GROUP, ballot, next: 1 };
      assert.equal(saidTo(node.hear(B, caughtUp), 'accept').length, 0, 'a majority, but the one who stands in may be dead');
      const effects = comes ? node.hear(NEAR, caughtUp) : node.wait(1_000);
      assert.ok(saidTo(effects, 'accept').some(({ to }) => to === B.id));
    }
  });
});
