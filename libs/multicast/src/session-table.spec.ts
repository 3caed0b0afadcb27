import { randomId } from '@banyan/ids';
import { seededRng } from '@banyan/sansio';
import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Block, StampedFrame } from './frames.ts';
import { SessionTable } from './session-table.ts';

const group = randomId(seededRng(1));
const LIMITS = { sessionsMax: 4, receiptsMax: 100 };

function block(counter: number): Block {
  return { client: 'c', session: 's', counter, count: 1, payload: undefined, bytes: 1 };
}

/** The message of this counter, numbered 100 higher. */
function frame(counter: number): StampedFrame {
  return { type: 'stamped', group, epoch: { counter: 1, root: group, incarnation: 1 }, firstSequence: counter + 100, count: 1, committed: 1, stampMs: 0, blocks: [block(counter)], bytes: 1 };
}

function retained(...counters: readonly number[]): Parameters<SessionTable['rebuild']>[0] {
  return counters.map((counter) => ({ frame: frame(counter), at: 0 }) as unknown as Parameters<SessionTable['rebuild']>[0][number]);
}

describe('what a new root knows of a publisher', () => {
  it('goes back as far as retained history, also when it followed the session only lately', () => {
    const table = new SessionTable();
    for (const counter of [7, 8, 9]) table.record(frame(counter), 0, LIMITS);
    assert.equal(table.admit(block(5), LIMITS).type, 'forgotten');
    table.rebuild(retained(4, 5, 6, 7, 8, 9), 0, LIMITS);
    assert.deepEqual(table.admit(block(5), LIMITS), { type: 'known', receipt: { counter: 5, count: 1, firstSequence: 105 } });
    assert.deepEqual(table.receiptsFrom({ client: 'c', session: 's', counter: 1 }, 1_000, 100).map((receipt) => receipt.counter), [4, 5, 6, 7, 8, 9]);
    assert.equal(table.admit(block(10), LIMITS).type, 'next');
  });

  it('begins with retained history when it never heard of the session', () => {
    const table = new SessionTable();
    table.rebuild(retained(1, 2), 0, LIMITS);
    assert.equal(table.expected('c', 's'), 3);
  });
});
