/** Larger messages are sent in parts of so many bytes, each with a sequence of its own, and put together again by subscribers. */
export const FRAGMENT_BYTES = 64 * 1024;
/** Bytes of one message at most. */
export const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;

/** Which part of a message larger than a frame. */
export interface FragmentPlace {
  /** From 0. */
  readonly index: number;
  /** Parts of the message. */
  readonly count: number;
}

/** The parts of a message, as views on it; undefined when it fits one frame. */
export function partsOf(message: Uint8Array): readonly Uint8Array[] | undefined {
  if (message.length <= FRAGMENT_BYTES) return undefined;
  const count = Math.ceil(message.length / FRAGMENT_BYTES);
  return Array.from({ length: count }, (_, index) => message.subarray(index * FRAGMENT_BYTES, (index + 1) * FRAGMENT_BYTES));
}
