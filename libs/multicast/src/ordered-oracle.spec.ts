import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Epoch } from './epoch.ts';
import { OrderedGroupOracle } from './ordered-oracle.ts';
import { idAt, nodeAt } from './testing/lone-node.ts';

const first = epoch(1, 'f1');
const lost = epoch(2, 'f1');
const won = epoch(2, 'f2');

function epoch(counter: number, root: string): Epoch {
  return { counter, root: nodeAt(root).id, incarnation: 1 };
}

function frame(of: Epoch, firstSequence: number, counter: number) {
  const block = { client: 'c', session: 's', counter, count: 1, payload: undefined, bytes: 1 };
  return { type: 'stamped' as const, group: idAt('f0'), epoch: of, firstSequence, count: 1, committed: 1, stampMs: 1, blocks: [block], bytes: 1 };
}

describe('OrderedGroupOracle', () => {
  /** A reader that was given two messages of the first epoch, one of which was taken back because `lost` began before it. */
  function reader(): OrderedGroupOracle {
    const oracle = new OrderedGroupOracle();
    oracle.subscribed(1, 1);
    for (const at of [1, 2]) assert.equal(oracle.delivered(1, frame(first, at, at), at, first), undefined);
    assert.equal(oracle.gap(1, { from: 2, to: 3, reason: 'OTHER_EPOCH' }, lost), undefined);
    return oracle;
  }

  it('catches a reader that is given what was taken back from it', () => {
    assert.match(reader().delivered(1, frame(first, 2, 2), 2, lost) ?? '', /which had lost/);
    assert.equal(reader().delivered(1, frame(lost, 2, 3), 2, lost), undefined);
  });

  it('lets it be given again where a newer record follows the epoch that it was of', () => {
    const oracle = reader();
    assert.equal(oracle.delivered(1, frame(first, 2, 2), 2, won), undefined);
    assert.equal(oracle.delivered(1, frame(won, 3, 3), 3, won), undefined);
    assert.equal(oracle.unfinished(), undefined);
  });
});
