import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framed, FrameReader, unframed } from './framing.ts';

/** `bytes` cut into pieces of the given lengths, repeated. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

describe('FrameReader', () => {
  it('puts messages together however the stream is cut', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
    const lengths = fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(messages, lengths, (sent, pieces) => {
        const received: Buffer[] = [];
        const reader = new FrameReader(300, (frame) => received.push(frame));
        for (const piece of cut(Buffer.concat(sent.map(framed)), pieces)) expect(reader.push(piece)).toBeUndefined();
        expect(received.map((frame) => [...unframed(frame)])).toEqual(sent.map((message) => [...message]));
        expect(reader.isAtBoundary).toBe(true);
      }),
      { seed: 1 },
    );
  });

  it('gives each message a buffer of its own, not a view of the chunk', () => {
    const received: Buffer[] = [];
    const chunk = Buffer.concat([framed(Buffer.alloc(8_192, 1)), framed(Buffer.alloc(8_192, 2))]);
    new FrameReader(8_192, (frame) => received.push(frame)).push(chunk);
    chunk.fill(9);
    expect(received.map((frame) => frame[5])).toEqual([1, 2]);
    expect(received.every((frame) => frame.buffer !== chunk.buffer)).toBe(true);
  });

  it('refuses what is compressed or too large before it takes memory for it', () => {
    expect(new FrameReader(10, () => undefined).push(Buffer.from([1, 0, 0, 0, 1]))).toBe('compressed');
    expect(new FrameReader(10, () => undefined).push(Buffer.from([0, 255, 255, 255, 255]))).toBe('too-large');
  });
});
