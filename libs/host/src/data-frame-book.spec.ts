import { frameInPlace, PREFIX_BYTES } from '@banyan/grpc';
import type { Id } from '@banyan/ids';
import type { StampedFrame } from '@banyan/multicast';
import { dataFrames, encodePayload } from '@banyan/wire';
import { describe, expect, it } from 'vitest';
import { DataFrameBook } from './data-frame-book.ts';

const frames = dataFrames(() => true);
const group = 'ab'.repeat(16) as Id;
const payload = encodePayload([Buffer.from('hello'), Buffer.from('world')]);
const frame: StampedFrame = {
  type: 'stamped',
  group,
  epoch: { counter: 1, root: group, incarnation: 1 },
  firstSequence: 7,
  count: 2,
  committed: 7,
  stampMs: 1_800_000_000_000,
  blocks: [{ client: 'ann', session: 'cd'.repeat(16), counter: 1, count: 2, payload, bytes: payload.length }],
  bytes: payload.length,
};

describe('frames and their bytes', () => {
  it('are written again in the very buffer they came in, whatever a newer version put there', () => {
    const known = frames.encode(frame, PREFIX_BYTES);
    const received = frameInPlace(Buffer.concat([known, Buffer.from([0xa2, 0x06, 0x00])])); // field 100, empty
    const book = new DataFrameBook(frames);
    const decoded = book.read(received);
    if (!decoded.ok) throw new Error(decoded.detail);
    expect(book.bytesOf(decoded.value)).toBe(received);
    expect(((decoded.value as StampedFrame).blocks[0]?.payload as Uint8Array).buffer).toBe(received.buffer);
  });

  it('are encoded once where they are made, however many children there are', () => {
    const book = new DataFrameBook(frames);
    expect(book.bytesOf(frame)).toBe(book.bytesOf(frame));
  });
});
