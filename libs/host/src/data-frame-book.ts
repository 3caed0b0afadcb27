import { frameInPlace, PREFIX_BYTES, unframed } from '@banyan/grpc';
import type { MulticastFrame } from '@banyan/multicast';
import type { DataFrames, Decoded } from '@banyan/wire';

/**
 * Frames and the bytes they are on the wire. A frame that came in is written again as it came, the very same buffer with
 * whatever a newer version put into it; one made here is encoded once, however many children it goes to.
 */
export class DataFrameBook {
  readonly #frames: DataFrames;
  readonly #bytes = new WeakMap<MulticastFrame, Buffer>();

  constructor(frames: DataFrames) {
    this.#frames = frames;
  }

  /** The framed bytes of a frame. */
  bytesOf(frame: MulticastFrame): Buffer {
    const known = this.#bytes.get(frame);
    if (known !== undefined) return known;
    const bytes = frameInPlace(this.#frames.encode(frame, PREFIX_BYTES));
    // Only numbered messages are sent more than once.
    if (frame.type === 'stamped') this.#bytes.set(frame, bytes);
    return bytes;
  }

  /** The frame in framed bytes; its payloads are views on them. */
  read(bytes: Buffer): Decoded<MulticastFrame> {
    const decoded = this.#frames.decode(unframed(bytes));
    if (decoded.ok && decoded.value.type === 'stamped') this.#bytes.set(decoded.value, bytes);
    return decoded;
  }
}
