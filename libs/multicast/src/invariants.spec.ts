import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { findCycle, ReliableGroupOracle } from './invariants.ts';
import { idAt, nodeAt } from './testing/lone-node.ts';

const EPOCH = { counter: 1, root: nodeAt('f1').id, incarnation: 1 };

function frame(firstSequence: number, counter: number, count = 1) {
  const block = { client: 'c', session: 's', counter, count, payload: undefined, bytes: 1 };
  return { type: 'stamped' as const, group: idAt('f0'), epoch: EPOCH, firstSequence, count, committed: 1, stampMs: 1, blocks: [block], bytes: 1 };
}

describe('findCycle', () => {
  it('finds a cycle behind a tail, and none in a tree', () => {
    const tree = [
      { node: 'a', parent: 'b' },
      { node: 'b', parent: 'r' },
      { node: 'c', parent: 'b' },
      { node: 'r', parent: undefined },
    ];
    assert.equal(findCycle(tree), undefined);
    assert.deepEqual(findCycle([{ node: 'x', parent: 'a' }, ...tree.slice(0, 3), { node: 'r', parent: 'a' }])?.toSorted(), ['a', 'b', 'r']);
  });
});

describe('ReliableGroupOracle', () => {
  it('catches two messages at one sequence, and one message at two', () => {
    const oracle = new ReliableGroupOracle();
    assert.equal(oracle.receipt('c', 's', { counter: 1, count: 2, firstSequence: 1 }), undefined);
    assert.match(oracle.receipt('c', 's', { counter: 9, count: 1, firstSequence: 2 }) ?? '', /sequence 2/);
    assert.match(oracle.receipt('c', 's', { counter: 1, count: 1, firstSequence: 5 }) ?? '', /message c\/s\/1/);
  });

  it('catches a reader that skips, repeats, or is short of a receipted message', () => {
    const oracle = new ReliableGroupOracle();
    oracle.subscribed(1, 1);
    assert.equal(oracle.delivered(1, frame(1, 1, 2), 1), undefined);
    assert.match(oracle.delivered(1, frame(1, 1, 2), 1) ?? '', /expected 3/);
    assert.match(oracle.delivered(1, frame(4, 4), 4) ?? '', /expected 3/);
    oracle.receipt('c', 's', { counter: 3, count: 1, firstSequence: 3 });
    assert.match(oracle.unfinished() ?? '', /stands at 3/);
  });
});
