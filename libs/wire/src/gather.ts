// Protobuf put together from parts, for messages that carry bulk: the parts are copied once, into the buffer that goes on
// the wire. The generated writers copy bytes once per level of nesting, and again each time their buffer grows.

/** Parts of an encoded message, in order, and their length together. */
export interface Parts {
  readonly parts: readonly Uint8Array[];
  readonly length: number;
}

const LENGTH_DELIMITED = 2;
const VARINT_MORE = 0x80;
const VARINT_BITS = 7;

/** Bytes as they are. */
export function part(bytes: Uint8Array): Parts {
  return { parts: [bytes], length: bytes.length };
}

/** One after the other. Fields of a message may stand in any order, so this joins fields, too. */
export function join(all: readonly Parts[]): Parts {
  return { parts: all.flatMap(({ parts }) => parts), length: all.reduce((sum, { length }) => sum + length, 0) };
}

/** `inner` as the length-delimited field `field`: an embedded message, bytes or text. */
export function embed(field: number, inner: Parts): Parts {
  const head = Uint8Array.from([...varint((field << 3) | LENGTH_DELIMITED), ...varint(inner.length)]);
  return { parts: [head, ...inner.parts], length: head.length + inner.length };
}

/** All parts in one buffer of their own; the first `headroom` bytes of it are left for the caller. */
export function gather({ parts, length }: Parts, headroom = 0): Buffer {
  const whole = Buffer.allocUnsafe(headroom + length);
  let at = headroom;
  for (const bytes of parts) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= VARINT_MORE) {
    bytes.push((rest % VARINT_MORE) | VARINT_MORE);
    rest = Math.floor(rest / 2 ** VARINT_BITS);
  }
  bytes.push(rest);
  return bytes;
}
