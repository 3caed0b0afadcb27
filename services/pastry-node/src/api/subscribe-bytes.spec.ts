import { multicast } from '@banyan/proto';
import { encodePayload } from '@banyan/wire';
import { expect, it } from 'vitest';
import { subscribeResponseBytes, type PackedMessages } from './subscribe-bytes.ts';

const filled = (sizes: readonly number[]): readonly Buffer[] => sizes.map((size, i) => Buffer.alloc(size, i + 1));
const packed = (...sizes: readonly number[]): PackedMessages => ({ packed: encodePayload(filled(sizes)), firstSequence: 7n, stampMs: 1_800_000_000_000n });

it.each([
  ['one message', [5]],
  ['messages of every width of a length, an empty one among them', [0, 127, 128, 16_383, 16_384, 300_000]],
  ['as many as a frame holds', Array.from({ length: 64 }, () => 1_024)],
  ['no message', []],
])('are what the generated code reads as Messages: %s', (_what, sizes) => {
  const { response } = multicast.SubscribeResponse.decode(subscribeResponseBytes(packed(...sizes)));
  expect(response).toMatchObject({ $case: 'messages', value: { firstSequence: 7n, stampMs: 1_800_000_000_000n } });
  const messages = response?.$case === 'messages' ? response.value.messages : [];
  expect(messages.map((message) => Buffer.from(message).toString('base64'))).toEqual(filled(sizes).map((message) => message.toString('base64')));
});

it.each<multicast.SubscribeResponse>([
  { response: { $case: 'gap', value: { firstSequence: 1n, lastSequence: 2n, reason: multicast.GapReason.EXPIRED } } },
  { response: { $case: 'subscribed', value: { nextSequence: 9n, descriptor: undefined } } },
])('leaves $response.$case to the generated writer', (response) => {
  expect(multicast.SubscribeResponse.decode(subscribeResponseBytes(response))).toEqual(response);
});

it('writes a second response as well as a first', () => {
  const first = Buffer.from(subscribeResponseBytes(packed(100, 200)));
  subscribeResponseBytes(packed(50));
  expect(Buffer.from(subscribeResponseBytes(packed(100, 200)))).toEqual(first);
});
