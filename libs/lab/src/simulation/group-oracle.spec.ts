import { randomId } from '@banyan/ids';
import type { StampedFrame } from '@banyan/multicast';
import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { GroupOracle, type GroupVerdict } from './group-oracle.ts';

const root = randomId(seededRng(1));
const FLAWLESS: Omit<GroupVerdict, 'receipted' | 'delivered'> = {
  disordered: 0,
  skipped: 0,
  gaps: {},
  sharedSequences: 0,
  doubled: 0,
  publisherDisordered: 0,
  receiptsContradicted: 0,
  receiptedLost: 0,
};

/** A frame of one publisher's messages. */
function frame(firstSequence: number, counter: number, count = 1, session = 's'): StampedFrame {
  const block = { client: 'c', session, counter, count, payload: undefined, bytes: 1 };
  return { type: 'stamped', group: root, epoch: { counter: 1, root, incarnation: 1 }, firstSequence, count, committed: 0, stampMs: 0, blocks: [block], bytes: 1 };
}

function receipt(counter: number, firstSequence: number, count = 1): Parameters<GroupOracle['receipt']>[0] {
  return { client: 'c', session: 's', counter, count, firstSequence };
}

describe('a reliable group', () => {
  it('is without fault when all get everything once and in order', () => {
    const oracle = new GroupOracle();
    oracle.subscribed('a', 1);
    oracle.subscribed('b', 2);
    oracle.receipt(receipt(1, 1, 2));
    oracle.messages('a', frame(1, 1, 2), 1);
    expect(oracle.isSettled).toBe(false);
    oracle.messages('b', frame(1, 1, 2), 2);
    expect(oracle.isSettled).toBe(true);
    expect(oracle.verdict()).toEqual({ receipted: 2, delivered: 3, ...FLAWLESS });
    expect(oracle.complaints).toEqual([]);
  });

  it('is at fault for what comes again, and for what is skipped', () => {
    const oracle = new GroupOracle();
    oracle.subscribed('a', 1);
    oracle.messages('a', frame(1, 1), 1);
    oracle.messages('a', frame(1, 1), 1);
    oracle.messages('a', frame(4, 2), 4);
    expect(oracle.verdict()).toMatchObject({ disordered: 1, skipped: 2 });
  });

  it('is at fault when two messages share a sequence, or one has two', () => {
    const oracle = new GroupOracle();
    oracle.subscribed('a', 1);
    oracle.subscribed('b', 1);
    oracle.messages('a', frame(1, 1), 1);
    oracle.messages('b', frame(1, 2), 1);
    oracle.messages('b', frame(2, 1), 2);
    expect(oracle.verdict()).toMatchObject({ sharedSequences: 1, doubled: 1 });
  });

  it('is at fault when a publisher is numbered out of his order', () => {
    const oracle = new GroupOracle();
    oracle.subscribed('a', 1);
    oracle.messages('a', frame(1, 5), 1);
    oracle.messages('a', frame(2, 1, 1, 'other'), 2);
    oracle.messages('a', frame(3, 4), 3);
    expect(oracle.verdict().publisherDisordered).toBe(1);
  });

  it('is at fault when something receipted never comes, also when a gap says so', () => {
    const oracle = new GroupOracle();
    for (const name of ['a', 'b', 'gone', 'late']) oracle.subscribed(name, name === 'late' ? 2 : 1);
    oracle.subscriberGone('gone');
    oracle.receipt(receipt(1, 1));
    oracle.gap('b', { from: 1, to: 2, reason: 'EXPIRED' });
    expect(oracle.verdict()).toMatchObject({ receiptedLost: 2, gaps: { EXPIRED: 1 } });
  });

  it('is at fault when receipts contradict each other or the delivery', () => {
    const oracle = new GroupOracle();
    oracle.subscribed('a', 1);
    oracle.messages('a', frame(1, 1), 1);
    oracle.receipt(receipt(1, 1));
    oracle.receipt(receipt(1, 2));
    expect(oracle.verdict().receiptsContradicted).toBe(1);
  });

  it('is at fault when messages come before the acknowledgement', () => {
    const oracle = new GroupOracle();
    oracle.messages('a', frame(1, 1), 1);
    expect(oracle.verdict().disordered).toBe(1);
  });
});
