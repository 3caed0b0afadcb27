import { describe, expect, it } from 'vitest';
import { fullFrom } from './success-watch.ts';

describe('full success', () => {
  it.each([
    [[10, 10], 0],
    [[3, 10, 9, 10, 10], 3],
    [[10, 9], undefined],
  ])('of rounds of 10 with %j successes begins at %s', (successes, first) => {
    expect(fullFrom(successes.map((succeeded) => ({ sent: 10, succeeded })))).toBe(first);
  });
});
