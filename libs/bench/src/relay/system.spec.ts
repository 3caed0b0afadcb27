import { describe, expect, it } from 'vitest';
import { cutter } from './system.ts';

describe('a stream of messages of one size', () => {
  const whole = Buffer.from('aaaabbbbccccdddd');

  it.each([1, 2, 3, 4, 5, 7, 16])('is cut the same whatever the chunks: %d bytes', (size) => {
    const messages: string[] = [];
    const cut = cutter(4, (message) => messages.push(Buffer.from(message).toString()));
    for (let at = 0; at < whole.length; at += size) cut(whole.subarray(at, at + size));
    expect(messages).toEqual(['aaaa', 'bbbb', 'cccc', 'dddd']);
  });
});
