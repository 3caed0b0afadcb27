// Responses of Subscribe as bytes. They carry the bulk of what a node hands to its users, and the generated writer
// allocates seven times what it writes (a buffer that doubles, and two copies of the whole): on the data path the garbage
// collections that follow cost more than everything else together.
import { multicast } from '@banyan/proto';

// Tags of length-delimited fields: SubscribeResponse.messages and Messages.messages, both with number 2.
const MESSAGES_TAG = 0x12;
const VARINT_BYTES_MAX = 5;
const SCRATCH_BYTES_MIN = 128 * 1024;

// grpc-js copies what a serializer returns into its own frame before it does anything else, so one buffer serves all.
let scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES_MIN);

/** A response as protobuf. The bytes are valid until the next call. */
export function subscribeResponseBytes(value: multicast.SubscribeResponse): Buffer {
  if (value.response?.$case !== 'messages') return Buffer.from(multicast.SubscribeResponse.encode(value).finish());
  const { messages, firstSequence, stampMs } = value.response.value;
  const head = multicast.Messages.encode({ firstSequence, stampMs, messages: [] }).finish();
  let length = head.length;
  for (const message of messages) length += 1 + varintLength(message.length) + message.length;
  if (scratch.length < length + 1 + VARINT_BYTES_MAX) scratch = Buffer.allocUnsafeSlow(2 * length);
  let at = writeTag(0, length);
  scratch.set(head, at);
  at += head.length;
  for (const message of messages) {
    at = writeTag(at, message.length);
    scratch.set(message, at);
    at += message.length;
  }
  return scratch.subarray(0, at);
}

/** MulticastService with the encoding above. */
export const multicastMethods = {
  ...multicast.MulticastServiceService,
  subscribe: { ...multicast.MulticastServiceService.subscribe, responseSerialize: subscribeResponseBytes },
};

// The tag and the length of what follows; where that begins.
function writeTag(at: number, length: number): number {
  scratch[at++] = MESSAGES_TAG;
  for (; length >= 0x80; length >>>= 7) scratch[at++] = (length & 0x7f) | 0x80;
  scratch[at++] = length;
  return at;
}

function varintLength(value: number): number {
  let bytes = 1;
  for (; value >= 0x80; value >>>= 7) bytes++;
  return bytes;
}
