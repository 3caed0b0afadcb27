import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueTimes } from './due-times.ts';

describe('due times', () => {
  it('gives back what is due, in the order in which it was set, once', () => {
    const due = new DueTimes<string>();
    due.set('late', 30);
    due.set('b', 20);
    due.set('a', 10);
    expect(due.next()).toBe(10);
    expect(due.takeDue(9)).toEqual([]);
    expect(due.takeDue(20)).toEqual(['b', 'a']);
    expect(due.takeDue(20)).toEqual([]);
    expect(due.next()).toBe(30);
  });

  it('moves a key that is set again', () => {
    const due = new DueTimes<string>();
    due.set('a', 10);
    due.set('a', 50);
    expect(due.takeDue(40)).toEqual([]);
    expect(due.next()).toBe(50);
  });

  it('forgets its alarm with its last key', () => {
    const due = new DueTimes<string>();
    due.set('a', 10);
    due.delete('a');
    expect(due.next()).toBe(Infinity);
  });

  it('is never late, and after a look later than the look', () => {
    const step = fc.tuple(fc.constantFrom('set', 'delete', 'take'), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 100 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const due = new DueTimes<number>();
        const model = new Map<number, number>();
        for (const [what, key, time] of steps) {
          if (what === 'set') {
            due.set(key, time);
            model.set(key, time);
          } else if (what === 'delete') {
            due.delete(key);
            model.delete(key);
          } else {
            const expected = [...model].filter(([, at]) => at <= time).map(([each]) => each);
            expect([...due.takeDue(time)].sort()).toEqual(expected.sort());
            for (const each of expected) model.delete(each);
          }
          expect(due.next()).toBeLessThanOrEqual(Math.min(Infinity, ...model.values()));
          expect(due.size).toBe(model.size);
        }
      }),
      { seed: 1 },
    );
  });
});
