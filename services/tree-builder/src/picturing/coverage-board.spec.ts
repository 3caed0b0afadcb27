import { describe, expect, it } from 'vitest';
import { groupKey } from '@banyan/identity';
import { multicast } from '@banyan/proto';
import { COVERAGE_LIFETIME_MS, CoverageBoard } from './coverage-board.ts';

const NEWS = groupKey('ann/news');
const told = (epoch: bigint, reached: bigint, group = 'ann/news'): multicast.Coverage => multicast.Coverage.fromPartial({ group, epoch, reached });

describe('CoverageBoard', () => {
  it('keeps what the newest root told last, and tells who watches', () => {
    const board = new CoverageBoard();
    let changes = 0;
    const unwatch = board.watch(NEWS, () => changes++);
    board.report([told(2n, 5n), told(1n, 9n), told(2n, 6n), told(1n, 1n, 'no name')], 0);
    expect(board.of(NEWS, 1)?.reached).toBe(6n);
    expect(changes).toBe(2);
    unwatch();
    board.report([told(3n, 1n)], 2);
    expect([changes, board.of(NEWS, 3)?.epoch]).toEqual([2, 3n]);
  });

  it('forgets what is not told again, and the oldest at its bound', () => {
    const board = new CoverageBoard(1);
    board.report([told(1n, 5n)], 0);
    expect(board.of(NEWS, COVERAGE_LIFETIME_MS)).toBeUndefined();
    board.report([told(1n, 5n), told(1n, 1n, 'ann/other')], 0);
    expect(board.of(NEWS, 1)).toBeUndefined();
  });
});
