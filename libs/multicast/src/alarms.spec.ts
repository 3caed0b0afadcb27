import assert from 'node:assert/strict';
import { seededRng } from '@banyan/sansio';
import { describe, it } from 'vitest';
import { Alarms } from './alarms.ts';

describe('Alarms', () => {
  it('gives keys in the order of their times, equal ones in the order they were set', () => {
    const alarms = new Alarms<string>();
    alarms.set('late', 9);
    alarms.set('one', 5);
    alarms.set('two', 5);
    assert.equal(alarms.takeDue(4), undefined);
    assert.deepEqual([alarms.takeDue(9), alarms.takeDue(9), alarms.takeDue(9), alarms.takeDue(9)], ['one', 'two', 'late', undefined]);
  });

  it('keeps one alarm per key: the last one set', () => {
    const alarms = new Alarms<string>();
    alarms.set('a', 1);
    alarms.set('a', 7);
    alarms.set('b', 3);
    alarms.set('b', undefined);
    assert.equal(alarms.next(), 7);
    assert.equal(alarms.takeDue(6), undefined);
  });

  it('agrees with a sorted list over many changes', () => {
    const rng = seededRng(5);
    const alarms = new Alarms<number>();
    const model = new Map<number, number>();
    for (let i = 0; i < 5_000; i++) {
      const key = rng.below(50);
      const at = rng.below(4) === 0 ? undefined : rng.below(1_000);
      alarms.set(key, at);
      if (at === undefined) model.delete(key);
      else model.set(key, at);
      const first = model.size === 0 ? undefined : Math.min(...model.values());
      assert.equal(alarms.next(), first);
      if (rng.below(3) > 0 || first === undefined) continue;
      const taken = alarms.takeDue(first);
      assert.equal(model.get(taken as number), first);
      model.delete(taken as number);
    }
  });
});
