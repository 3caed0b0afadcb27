import { describe, expect, it } from 'vitest';
import { SeenWindow } from './seen-window.ts';

describe('a seen window', () => {
  it('knows a name for its time', () => {
    const window = new SeenWindow<undefined>({ forMs: 100, max: 10 });
    expect([window.addIfNew(0, 'a', undefined), window.addIfNew(99, 'a', undefined), window.addIfNew(100, 'a', undefined)]).toEqual([true, false, true]);
  });

  it('forgets the oldest at its bound, and what is out of date', () => {
    const window = new SeenWindow<undefined>({ forMs: 100, max: 2 });
    for (const [now, name] of [[0, 'a'], [1, 'b'], [2, 'c']] as const) window.addIfNew(now, name, undefined);
    expect([window.has(3, 'a'), window.has(3, 'b'), window.size]).toEqual([false, true, 2]);
    window.addIfNew(300, 'd', undefined);
    expect(window.size).toBe(1);
  });

  it('tells the newest names with a wanted note', () => {
    const window = new SeenWindow<number>({ forMs: 100, max: 10 });
    for (let i = 0; i < 6; i++) window.addIfNew(i, `n${i}`, i);
    expect(window.newest(6, (note) => note % 2 === 0, 2)).toEqual(['n2', 'n4']);
  });
});
