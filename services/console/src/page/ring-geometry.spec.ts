import { describe, expect, it } from 'vitest';
import { neighborOf, pointAt, turnOf } from './ring-geometry.ts';

describe('the ring', () => {
  it('has 0 at the top and grows clockwise', () => {
    expect(turnOf('0'.repeat(32))).toBe(0);
    expect(turnOf('4'.padEnd(32, '0'))).toBe(0.25);
    expect(turnOf('f'.repeat(32))).toBeLessThanOrEqual(1);
    expect(pointAt(0, 10)).toEqual({ x: 0, y: -10 });
    expect(pointAt(0.25, 10)).toEqual({ x: 10, y: -0 });
  });

  it('is walked round its end both ways', () => {
    const ids = ['1', '5', '9'];
    expect(neighborOf(ids, undefined, 1)).toBe('1');
    expect(neighborOf(ids, '9', 1)).toBe('1');
    expect(neighborOf(ids, '1', -1)).toBe('9');
    expect(neighborOf(ids, 'gone', 1)).toBe('1');
    expect(neighborOf([], undefined, 1)).toBeUndefined();
  });
});
