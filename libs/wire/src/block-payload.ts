// A block's payload, `BlockPayload` of the proto: the messages of one batch, one after the other as field 2. Only publishers
// and subscribers look at single messages; who hands a payload on skims it at most.
import { embed, gather, join, part } from './gather.ts';

const MESSAGES = 2;
const LENGTH_DELIMITED = 2;
const TAG = (MESSAGES << 3) | LENGTH_DELIMITED;
const VARINT_MORE = 0x80;
const VARINT_BITS = 7;
const VARINT_BYTES_MAX = 4;

/** The bytes of a block's payload. */
export function encodePayload(messages: readonly Uint8Array[]): Uint8Array {
  return gather(join(messages.map((message) => embed(MESSAGES, part(message)))));
}

/** The messages of a block's payload, as views on it; undefined when it is not exactly messages. */
export function decodePayload(payload: Uint8Array): readonly Uint8Array[] | undefined {
  const messages: Uint8Array[] = [];
  const isWhole = walk(payload, (from, to) => void messages.push(payload.subarray(from, to)));
  return isWhole ? messages : undefined;
}

/** The payload without its first `skip` messages, a view; undefined when it does not hold exactly `count` messages. */
export function payloadFrom(payload: Uint8Array, skip: number, count: number): Uint8Array | undefined {
  let seen = 0;
  let start = skip === 0 ? 0 : payload.length;
  const isWhole = walk(payload, (_from, to) => {
    seen += 1;
    if (seen === skip) start = to;
  });
  if (!isWhole || seen !== count) return undefined;
  return start === 0 ? payload : payload.subarray(start);
}

// Where each message stands; false when something else stands there, too.
function walk(payload: Uint8Array, see: (from: number, to: number) => void): boolean {
  let at = 0;
  while (at < payload.length) {
    if (payload[at++] !== TAG) return false;
    let length = 0;
    for (let bytes = 0; ; bytes++) {
      const byte = payload[at++];
      if (byte === undefined || bytes === VARINT_BYTES_MAX) return false;
      length |= (byte & (VARINT_MORE - 1)) << (VARINT_BITS * bytes);
      if (byte < VARINT_MORE) break;
    }
    const to = at + length;
    if (to > payload.length) return false;
    see(at, to);
    at = to;
  }
  return true;
}
