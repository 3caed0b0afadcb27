import { describe, expect, it } from 'vitest';
import { FRAGMENT_BYTES, partsOf } from './fragments.ts';
import { LargeMessages, type ToldEvent } from './large-messages.ts';

const part = (sequence: number, index: number, count: number, publisher = 'a', bytes = [index]): ToldEvent => ({ type: 'messages', firstSequence: BigInt(sequence), messages: [Uint8Array.from(bytes)], stampMs: sequence, fragment: { index, count, publisher } });
const small = (sequence: number): ToldEvent => ({ type: 'messages', firstSequence: BigInt(sequence), messages: [Uint8Array.from([99])], stampMs: sequence });
const gap = (first: number, last: number, cause: 'aborted' | 'expired' | 'otherEpoch' = 'aborted') => ({ type: 'gap' as const, firstSequence: BigInt(first), lastSequence: BigInt(last), cause });
const take = (...events: readonly ToldEvent[]) => {
  const large = new LargeMessages();
  return events.flatMap((event) => large.take(event));
};
const whole = (sequence: number, partsFrom: number, bytes: readonly number[]) => ({ type: 'messages', firstSequence: BigInt(sequence), partsFrom: BigInt(partsFrom), stampMs: sequence, messages: [Uint8Array.from(bytes)] });

describe('LargeMessages', () => {
  it('gives a message whole, with the sequence of its last part, and others between at once', () => {
    expect(take(part(5, 0, 3), small(6), part(7, 1, 3), part(8, 2, 3))).toEqual([small(6), whole(8, 5, [0, 1, 2])]);
  });

  it('keeps the parts of several publishers apart', () => {
    expect(take(part(1, 0, 2, 'a', [1]), part(2, 0, 2, 'b', [2]), part(3, 1, 2, 'b', [3]), part(4, 1, 2, 'a', [4]))).toEqual([whole(3, 2, [2, 3]), whole(4, 1, [1, 4])]);
  });

  it('tells a message that was given up as one gap', () => {
    expect(take(part(1, 0, 3), part(2, 1, 3), { type: 'aborted', firstSequence: 3n, publisher: 'a' }, part(4, 2, 3))).toEqual([gap(1, 3), gap(4, 4)]);
    expect(take(part(1, 0, 3), small(2), part(3, 1, 3), { type: 'aborted', firstSequence: 4n, publisher: 'a' })).toEqual([small(2), gap(1, 1), gap(3, 4)]);
  });

  it('tells a message as a gap when its publisher begins another one', () => {
    expect(take(part(1, 0, 3), part(2, 0, 2), part(3, 1, 2))).toEqual([gap(1, 1), whole(3, 2, [0, 1])]);
  });

  it('never gives a message whose beginning it has not', () => {
    expect(take(part(4, 1, 3), part(5, 2, 3), small(6))).toEqual([gap(4, 4), gap(5, 5), small(6)]);
  });

  it('takes no message for whole across a gap', () => {
    expect(take(part(1, 0, 3), part(2, 1, 3), gap(3, 9, 'expired'), part(10, 2, 3))).toEqual([gap(1, 2), gap(3, 9, 'expired'), gap(10, 10)]);
  });

  it('begins anew with sequences that come anew', () => {
    expect(take(part(1, 0, 3), part(2, 1, 3), gap(2, 2, 'otherEpoch'), part(2, 0, 2, 'b'), part(3, 1, 2, 'b'))).toEqual([gap(1, 1), gap(2, 2, 'otherEpoch'), whole(3, 2, [0, 1])]);
  });

  it('says where one has to start again to miss nothing', () => {
    const large = new LargeMessages();
    large.take(part(5, 0, 3));
    large.take(part(6, 0, 2, 'b'));
    expect(large.firstOpen).toBe(5n);
    large.take(part(7, 1, 2, 'b'));
    large.take(part(8, 1, 3));
    large.take(part(9, 2, 3));
    expect(large.firstOpen).toBeUndefined();
  });

  it('waits for so many messages at a time only, and tells which it let go', () => {
    expect(take(...Array.from({ length: 65 }, (_, i) => part(i + 1, 0, 2, `p${i}`)))).toEqual([gap(1, 1)]);
  });
});

describe('parts', () => {
  it('are views that fill a frame each, of messages that do not fit one', () => {
    expect(partsOf(new Uint8Array(FRAGMENT_BYTES))).toBeUndefined();
    expect(partsOf(new Uint8Array(2 * FRAGMENT_BYTES + 1))?.map(({ length }) => length)).toEqual([FRAGMENT_BYTES, FRAGMENT_BYTES, 1]);
  });
});
