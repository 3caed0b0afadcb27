import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Block, StampedFrame } from './frames.ts';
import { SessionTable } from './session-table.ts';
import { idAt, nodeAt } from './testing/lone-node.ts';

const LIMITS = { sessionsMax: 4, receiptsMax: 8 };
const ROOT = nodeAt('f1');

function block(counter: number, count = 1, session = 's'): Block {
  return { client: 'c', session, counter, count, payload: undefined, bytes: 1 };
}

function frame(firstSequence: number, ...blocks: Block[]): StampedFrame {
  const count = blocks.reduce((sum, one) => sum + one.count, 0);
  const epoch = { counter: 1, root: ROOT.id, incarnation: 1 };
  return { type: 'stamped', group: idAt('f0'), epoch, firstSequence, count, committed: 1, stampMs: 1, blocks, bytes: blocks.length };
}

function table(...frames: StampedFrame[]): SessionTable {
  const sessions = new SessionTable();
  for (const one of frames) sessions.record(one, 0, LIMITS);
  return sessions;
}

describe('SessionTable', () => {
  it('gives a retried batch its first receipt, of whichever block of a frame it was', () => {
    const sessions = table(frame(10, block(1, 3), block(1, 2, 'other'), block(4, 2)));
    assert.deepEqual(sessions.admit(block(4, 2), LIMITS), { type: 'known', receipt: { counter: 4, count: 2, firstSequence: 15 } });
    assert.deepEqual(sessions.admit(block(1, 2, 'other'), LIMITS), { type: 'known', receipt: { counter: 1, count: 2, firstSequence: 13 } });
  });

  it('tells the next batch from one too early and one too late', () => {
    const sessions = table(...Array.from({ length: 40 }, (_, i) => frame(1 + i, block(1 + i))));
    assert.deepEqual(sessions.admit(block(41), LIMITS), { type: 'next' });
    assert.deepEqual(sessions.admit(block(43), LIMITS), { type: 'gap', expected: 41 });
    assert.deepEqual(sessions.admit(block(2), LIMITS), { type: 'forgotten' });
    assert.equal(sessions.admit(block(40), LIMITS).type, 'known');
  });

  it('does not take a retry with other borders for the batch it was', () => {
    assert.deepEqual(table(frame(1, block(1, 3))).admit(block(1, 2), LIMITS), { type: 'forgotten' });
  });

  it('of a new root goes back as far as retained history, also when it followed the session only lately', () => {
    const history = Array.from({ length: 6 }, (_, i) => frame(104 + i, block(4 + i)));
    const sessions = table(...history.slice(3));
    assert.equal(sessions.admit(block(5), LIMITS).type, 'forgotten');
    sessions.rebuild(history.map((one) => ({ frame: one, from: 0, to: 0, cost: 0, at: 0 })), 0, LIMITS);
    assert.deepEqual(sessions.admit(block(5), LIMITS), { type: 'known', receipt: { counter: 5, count: 1, firstSequence: 105 } });
    const all = sessions.receiptsFrom({ client: 'c', session: 's', counter: 1 }, 1_000, 100);
    assert.deepEqual(all.map((receipt) => receipt.counter), [4, 5, 6, 7, 8, 9]);
    assert.equal(sessions.admit(block(10), LIMITS).type, 'next');
  });

  it('of a new root begins with retained history when it never heard of the session', () => {
    const sessions = new SessionTable();
    sessions.rebuild([1, 2].map((counter) => ({ frame: frame(counter, block(counter)), from: 0, to: 0, cost: 0, at: 0 })), 0, LIMITS);
    assert.equal(sessions.expected('c', 's'), 3);
  });

  it('takes back what is truncated, so that it can be numbered anew', () => {
    const sessions = table(frame(1, block(1)), frame(2, block(2)), frame(3, block(3)));
    sessions.truncate(2);
    assert.deepEqual(sessions.admit(block(2), LIMITS), { type: 'next' });
    assert.equal(sessions.admit(block(1), LIMITS).type, 'known');
  });

  it('hands its memory to a voter that has the history only in part', () => {
    const memory = table(frame(1, block(1)), frame(2, block(2)), frame(3, block(3))).snapshot();
    const voter = new SessionTable();
    voter.adopt(memory, 3, 0, LIMITS);
    assert.equal(voter.expected('c', 's'), 3, 'the third comes as a frame');
    voter.record(frame(3, block(3)), 0, LIMITS);
    assert.equal(voter.expected('c', 's'), 4);
    const empty = new SessionTable();
    empty.adopt(memory, 1, 0, LIMITS);
    assert.equal(empty.expected('c', 's'), undefined, 'all of it comes as frames');
  });

  it('is bounded: a voter lets the longest silent session go, a root admits no more', () => {
    const sessions = new SessionTable();
    for (let i = 0; i < 5; i++) sessions.record(frame(1 + i, block(1, 1, `s${i}`)), i, LIMITS);
    assert.equal(sessions.size, 4);
    assert.equal(sessions.expected('c', 's0'), undefined);
    assert.deepEqual(sessions.admit(block(1, 1, 'new'), LIMITS), { type: 'full' });
    sessions.prune(1_000, 997);
    assert.equal(sessions.size, 2);
  });
});
