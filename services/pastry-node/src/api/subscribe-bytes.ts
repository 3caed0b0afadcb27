// Responses of Subscribe as bytes. They carry the bulk of what a node hands to its users: the messages of a frame are
// already encoded as a `Messages` has them (see BlockPayload), so they are copied behind its head as a whole.
import { multicast } from '@banyan/proto';

/** Messages on their way to a subscriber: an encoded BlockPayload, and what a Messages says besides. */
export interface PackedMessages {
  readonly packed: Uint8Array;
  readonly firstSequence: bigint;
  readonly stampMs: bigint;
  readonly fragment?: multicast.Fragment | undefined;
}

/** What Subscribe answers. */
export type SubscribeReply = multicast.SubscribeResponse | PackedMessages;

// Tag of SubscribeResponse.messages: number 2, length-delimited.
const MESSAGES_TAG = 0x12;
const VARINT_BYTES_MAX = 5;
const SCRATCH_BYTES_MIN = 128 * 1024;

// grpc-js copies what a serializer returns into its own frame before it does anything else, so one buffer serves all.
let scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES_MIN);

/** A response as protobuf. The bytes are valid until the next call. */
export function subscribeResponseBytes(reply: SubscribeReply): Buffer {
  if (!('packed' in reply)) return Buffer.from(multicast.SubscribeResponse.encode(reply).finish());
  const { packed, firstSequence, stampMs, fragment } = reply;
  const head = multicast.Messages.encode({ firstSequence, stampMs, messages: [], fragment }).finish();
  const length = head.length + packed.length;
  if (scratch.length < length + 1 + VARINT_BYTES_MAX) scratch = Buffer.allocUnsafeSlow(2 * length);
  let at = 0;
  scratch[at++] = MESSAGES_TAG;
  let rest = length;
  for (; rest >= 0x80; rest >>>= 7) scratch[at++] = (rest & 0x7f) | 0x80;
  scratch[at++] = rest;
  scratch.set(head, at);
  scratch.set(packed, at + head.length);
  return scratch.subarray(0, at + length);
}

/** MulticastService with the encoding above. */
export const multicastMethods = {
  ...multicast.MulticastServiceService,
  subscribe: { ...multicast.MulticastServiceService.subscribe, responseSerialize: subscribeResponseBytes },
};
