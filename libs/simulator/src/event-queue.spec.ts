import { seededRng } from '@banyan/sansio';
import { expect, it } from 'vitest';
import { EventQueue } from './event-queue.ts';

it('gives events in order of time, and those of one time in the order they came', () => {
  const rng = seededRng(1);
  const queue = new EventQueue<{ at: number; order: number }>();
  for (let order = 0; order < 20_000; order++) {
    const at = rng.below(500);
    queue.push(at, { at, order });
  }
  let last = { at: -1, order: -1 };
  for (let taken = queue.pop(); taken !== undefined; taken = queue.pop()) {
    expect(taken.at > last.at || (taken.at === last.at && taken.order > last.order)).toBe(true);
    last = taken;
  }
  expect(queue.length).toBe(0);
});

it('agrees with a sorted list while pushes and pops mix', () => {
  const rng = seededRng(2);
  const queue = new EventQueue<number>();
  const model: { at: number; value: number }[] = [];
  for (let value = 0; value < 5_000; value++) {
    if (rng.next() < 0.6) {
      const at = rng.below(100);
      queue.push(at, value);
      model.push({ at, value });
      model.sort((a, b) => a.at - b.at || a.value - b.value);
    } else {
      expect(queue.nextAt).toBe(model[0]?.at);
      expect(queue.pop()).toBe(model.shift()?.value);
    }
  }
});

it('refuses an event without a time', () => {
  expect(() => new EventQueue<string>().push(NaN, 'x')).toThrow('has a time');
});
