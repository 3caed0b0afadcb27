import { multicast, multicastPeer, peer } from '@banyan/proto';
import { stripeDescriptor } from '@banyan/multicast';
import { seededRng } from '@banyan/sansio';
import { describe, expect, it } from 'vitest';
import { controlFrames, type ControlMessage } from './control-frames.ts';
import { decodePayload, encodePayload, payloadFrom } from './block-payload.ts';
import { dataFrames } from './data-frames.ts';
import { descriptor, frames, group, multicastMessages, pastryMessages } from './testing/samples.ts';

const control = controlFrames(() => true);
const data = dataFrames(() => true);
const said: readonly ControlMessage[] = [
  ...pastryMessages.map((message) => ({ type: 'ring', message }) as const),
  ...multicastMessages.map((body) => ({ type: 'direct', app: 'multicast', body }) as const),
  { type: 'direct', app: 'lookup', body: { type: 'found', requestId: 4, replicaSet: [], hops: 2 } },
  { type: 'direct', app: 'attached', body: { type: 'answer', requestId: 4, delivered: true, stopped: false, hops: 2 } },
];
const nameOf = (message: ControlMessage): string => (message.type === 'ring' ? message.message.type : `${message.app} ${(message.body as { type: string }).type}`);

/** The same bytes as no Buffer: payloads are views, of the kind that was decoded. */
function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

describe('control frames', () => {
  it.each(said.map((message, i) => [`${i} ${nameOf(message)}`, message] as const))('come back as they went: %s', (_name, message) => {
    expect(control.decode(control.encode(message))).toEqual({ ok: true, value: message });
  });

  it('pass over what a newer version says', () => {
    // Field 100, length-delimited, empty: a message that does not exist today.
    expect(control.decode(Uint8Array.from([0xa2, 0x06, 0x00]))).toMatchObject({ ok: false, fault: 'FRAME_UNKNOWN' });
    expect(control.decode(control.encode({ type: 'ring', message: { type: 'leaving' } }))).toMatchObject({ ok: true });
  });

  it('never throw because of what a peer sent (seed 11)', () => {
    const rng = seededRng(11);
    for (let round = 0; round < 4_000; round++) {
      const message = rng.pick(said);
      if (message === undefined) continue;
      const bytes = Buffer.from(control.encode(message));
      for (let i = rng.below(4); i >= 0; i--) bytes[rng.below(bytes.length)] = rng.below(256);
      const decoded = control.decode(bytes.subarray(0, rng.below(bytes.length + 1)));
      if (!decoded.ok) expect(['FRAME_MALFORMED', 'FRAME_UNKNOWN', 'FIELD_INVALID', 'DESCRIPTOR_INVALID']).toContain(decoded.fault);
    }
  });
});

describe('data frames', () => {
  it.each(frames.map((frame) => [frame.type, frame] as const))('come back as they went: %s', (_type, frame) => {
    expect(data.decode(plain(data.encode(frame)))).toEqual({ ok: true, value: frame });
  });

  it.each(frames.map((frame) => [frame.type, frame] as const))('are what the generated code reads and writes: %s', (_type, frame) => {
    const encoded = data.encode(frame);
    const response = peer.DataResponse.decode(encoded);
    const value = response.content?.$case === 'frame' ? response.content.value : undefined;
    const again = multicastPeer.DataFrame.encode(multicastPeer.DataFrame.decode(value!)).finish();
    const rewritten = peer.DataResponse.encode({ content: { $case: 'frame', value: again } }).finish();
    expect(data.decode(rewritten)).toEqual({ ok: true, value: frame });
  });

  it('leave room before them for whoever frames them', () => {
    const encoded = data.encode(frames[0]!, 5);
    expect(data.decode(plain(encoded.subarray(5)))).toEqual({ ok: true, value: frames[0] });
  });

  it('hand out payloads as views on the frame', () => {
    const encoded = data.encode(frames[0]!);
    const decoded = data.decode(encoded);
    if (!decoded.ok || decoded.value.type !== 'stamped') throw new Error('not a stamped frame');
    expect((decoded.value.blocks[0]?.payload as Uint8Array).buffer).toBe(encoded.buffer);
  });

  it('never throw because of what a peer sent (seed 12)', () => {
    const rng = seededRng(12);
    for (let round = 0; round < 4_000; round++) {
      const bytes = Buffer.from(data.encode(rng.pick(frames)!));
      for (let i = rng.below(4); i >= 0; i--) bytes[rng.below(bytes.length)] = rng.below(256);
      expect(data.decode(bytes.subarray(0, rng.below(bytes.length + 1)))).toHaveProperty('ok');
    }
  });

  it('refuse a descriptor that nobody signed', () => {
    const wary = dataFrames(() => false);
    expect(wary.decode(data.encode({ type: 'closed', group, descriptor }))).toMatchObject({ ok: false, fault: 'DESCRIPTOR_INVALID' });
  });

  it('name a stripe by its group and an index, and refuse one that the group does not have', () => {
    const third = stripeDescriptor(descriptor, 2);
    expect(data.decode(data.encode({ type: 'closed', group: third.group, descriptor: third }))).toEqual({ ok: true, value: { type: 'closed', group: third.group, descriptor: third } });
    const fifth = { ...third, stripe: { of: group, index: 4 } };
    expect(data.decode(data.encode({ type: 'closed', group, descriptor: fifth }))).toMatchObject({ ok: false, fault: 'FIELD_INVALID' });
  });

  it('refuse numbers beyond 2^53 and ids of another length', () => {
    // gap: { group: 3 bytes }
    expect(data.decode(Uint8Array.from([0x12, 0x07, 0x12, 0x05, 0x0a, 0x03, 1, 2, 3]))).toMatchObject({ ok: false, fault: 'FIELD_INVALID' });
  });
});

it('keeps the messages of a payload apart', () => {
  const messages = [Uint8Array.from([1]), new Uint8Array(0), Uint8Array.from([2, 3])];
  expect(decodePayload(encodePayload(messages))?.map((message) => [...message])).toEqual([[1], [], [2, 3]]);
});

describe('a payload', () => {
  const messages = [0, 1, 127, 128, 16_384, 5].map((size, i) => Buffer.alloc(size, i));
  const payload = encodePayload(messages);

  it('is what the API calls the messages of a Messages and of a PublishBatch', () => {
    const texts = (read: readonly Uint8Array[]): readonly string[] => read.map((one) => Buffer.from(one).toString('hex'));
    expect(texts(multicast.Messages.decode(payload).messages)).toEqual(texts(messages));
    expect(texts(multicast.PublishBatch.decode(payload).messages)).toEqual(texts(messages));
    expect(texts(multicastPeer.BlockPayload.decode(payload).messages)).toEqual(texts(messages));
  });

  it('is cut between messages', () => {
    for (let skip = 0; skip <= messages.length; skip++) {
      expect(decodePayload(payloadFrom(payload, skip, messages.length)!)).toHaveLength(messages.length - skip);
    }
    expect(payloadFrom(payload, 0, messages.length)).toBe(payload);
  });

  it.each([
    ['of another count', payload, messages.length + 1],
    ['that ends within a message', payload.subarray(0, payload.length - 1), messages.length],
    ['with another field', Buffer.concat([payload, Buffer.from([0x08, 1])]), messages.length],
    ['with a length that never ends', Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), 1],
  ])('%s is none', (_what, bytes, count) => {
    expect(payloadFrom(bytes, 0, count)).toBeUndefined();
  });
});
