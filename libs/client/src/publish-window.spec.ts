import { describe, expect, it } from 'vitest';
import { FRAGMENT_BYTES } from './fragments.ts';
import { PublishWindow, windowLimits, type WindowLimits } from './publish-window.ts';

const limits: WindowLimits = { batchBytesMax: 10, unreceiptedBytesMax: 30, unreceiptedBatchesMax: 4 };

describe('PublishWindow', () => {
  it('closes a batch when the next message would make it too large', () => {
    const window = new PublishWindow(limits);
    window.add(bytes(6));
    window.add(bytes(5));
    expect(window.takeUnsent()).toMatchObject({ firstCounter: 1n, bytes: 6 });
    expect(window.takeUnsent()).toBeUndefined();
    window.closeBatch();
    expect(window.takeUnsent()).toMatchObject({ firstCounter: 2n, bytes: 5 });
  });

  it('numbers messages from 1 without holes', () => {
    const window = new PublishWindow(limits);
    for (const size of [1, 1, 9, 3]) window.add(bytes(size));
    window.closeBatch();
    expect(drain(window)).toEqual([[1n, 2], [3n, 1], [4n, 1]]);
  });

  it('sends a message larger than a batch alone', () => {
    const window = new PublishWindow(limits);
    window.add(bytes(1));
    window.add(bytes(25));
    expect(drain(window)).toEqual([[1n, 1], [2n, 1]]);
  });

  it('has no room beyond its bytes, and again after a receipt', () => {
    const window = new PublishWindow(limits);
    for (let i = 0; i < 3; i++) window.add(bytes(10));
    expect(window.hasRoom).toBe(false);
    window.acknowledge(1n);
    expect(window.hasRoom).toBe(true);
    expect(window.unreceiptedBytes).toBe(20);
  });

  it('has no room beyond its batches, however small', () => {
    const window = new PublishWindow(limits);
    for (let i = 0; i < 4; i++) {
      window.add(bytes(1));
      window.closeBatch();
    }
    expect(window.hasRoom).toBe(false);
  });

  it('sends everything without a receipt again after a rewind, with the same borders', () => {
    const window = new PublishWindow(limits);
    for (const size of [4, 4, 8, 2]) window.add(bytes(size));
    window.closeBatch();
    const first = drain(window);
    window.acknowledge(1n);
    window.rewind();
    expect(drain(window)).toEqual(first.slice(1));
  });

  it('sends a large message in parts, and has it receipted when every part is', () => {
    const window = new PublishWindow({ ...windowLimits, batchBytesMax: 10 });
    window.add(bytes(3));
    window.add(bytes(2 * FRAGMENT_BYTES + 1));
    window.add(bytes(4));
    window.closeBatch();
    const sent = [window.takeUnsent(), window.takeUnsent(), window.takeUnsent(), window.takeUnsent(), window.takeUnsent()];
    expect(sent.map((batch) => [batch?.firstCounter, batch?.fragment?.index, batch?.bytes])).toEqual([[1n, undefined, 3], [2n, 0, FRAGMENT_BYTES], [3n, 1, FRAGMENT_BYTES], [4n, 2, 1], [5n, undefined, 4]]);
    expect([1n, 2n, 4n, 3n, 5n].map((counter) => window.acknowledge(counter)?.messages)).toEqual([1, 0, 0, 1, 1]);
    expect(window.isEmpty).toBe(true);
  });

  it('takes a receipt once', () => {
    const window = new PublishWindow(limits);
    window.add(bytes(10));
    expect(window.acknowledge(1n)).toBeDefined();
    expect(window.acknowledge(1n)).toBeUndefined();
    expect(window.isEmpty).toBe(true);
  });
});

function bytes(size: number): Uint8Array {
  return new Uint8Array(size);
}

function drain(window: PublishWindow): (readonly [bigint, number])[] {
  const out: (readonly [bigint, number])[] = [];
  for (let batch = window.takeUnsent(); batch !== undefined; batch = window.takeUnsent()) out.push([batch.firstCounter, batch.messages.length]);
  return out;
}
