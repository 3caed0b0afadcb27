import { expect, it } from 'vitest';
import { Counting } from './counting.ts';
import { MessageMaker } from './message.ts';
import type { PhaseResult } from './subscriber-protocol.ts';

it('tells how far the slowest subscriber is, and the end once', () => {
  const maker = new MessageMaker(32, 1);
  const progress: number[] = [];
  const ends: PhaseResult[] = [];
  const counting = new Counting({ phase: 2, messages: 4, subscribers: 2, quietMs: 60_000, progressEvery: 2 }, { done: (result) => void ends.push(result), progress: (received) => void progress.push(received) });
  for (let index = 0; index < 4; index++) counting.take(0, maker.make(2, index));
  expect(progress).toEqual([]);
  counting.take(1, maker.make(1, 0)); // of an earlier phase
  counting.take(1, maker.make(2, 0));
  counting.take(1, maker.make(2, 0));
  for (let index = 1; index < 4; index++) counting.take(1, maker.make(2, index));
  expect(progress).toEqual([2, 4]);
  expect(ends).toMatchObject([{ phase: 2, received: 8, duplicates: 1, reordered: 0, gaps: 0 }]);
});
