import { multicast } from '@banyan/proto';
import { expect, it } from 'vitest';
import { subscribeResponseBytes } from './subscribe-bytes.ts';

const messages = (...sizes: readonly number[]): multicast.SubscribeResponse => ({
  response: { $case: 'messages', value: { firstSequence: 7n, stampMs: 1_800_000_000_000n, messages: sizes.map((size, i) => Buffer.alloc(size, i + 1)) } },
});

const encoded = (response: multicast.SubscribeResponse): Buffer => Buffer.from(multicast.SubscribeResponse.encode(response).finish());

it.each([
  ['one message', messages(5)],
  ['messages of every width of a length, an empty one among them', messages(0, 127, 128, 16_383, 16_384, 300_000)],
  ['as many as a frame holds', messages(...Array.from({ length: 64 }, () => 1_024))],
  ['no message', messages()],
])('reads back as it was: %s', (_what, response) => {
  const read = multicast.SubscribeResponse.decode(subscribeResponseBytes(response));
  // Through the generated writer, because the order of fields is free.
  expect(encoded(read).equals(encoded(response))).toBe(true);
});

it.each<multicast.SubscribeResponse>([
  { response: { $case: 'gap', value: { firstSequence: 1n, lastSequence: 2n, reason: multicast.GapReason.EXPIRED } } },
  { response: { $case: 'subscribed', value: { nextSequence: 9n, descriptor: undefined } } },
])('leaves $response.$case to the generated writer', (response) => {
  expect(multicast.SubscribeResponse.decode(subscribeResponseBytes(response))).toEqual(response);
});

it('writes a second response as well as a first', () => {
  const first = Buffer.from(subscribeResponseBytes(messages(100, 200)));
  subscribeResponseBytes(messages(50));
  expect(Buffer.from(subscribeResponseBytes(messages(100, 200)))).toEqual(first);
});
