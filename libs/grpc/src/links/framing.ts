/** Bytes before each message of gRPC over HTTP/2: a flag for compression and the length. */
export const PREFIX_BYTES = 5;

const POOLED_BYTES_MAX = 1_024;

/** A message with its prefix, as it goes on the wire; one copy. */
export function framed(message: Uint8Array): Buffer {
  const buffer = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  buffer.set(message, PREFIX_BYTES);
  return frameInPlace(buffer);
}

/** Writes the prefix into the first bytes of `buffer`, which were left for it; no copy. The same buffer. */
export function frameInPlace(buffer: Buffer): Buffer {
  buffer[0] = 0;
  buffer.writeUInt32BE(buffer.length - PREFIX_BYTES, 1);
  return buffer;
}

/** The message within a framed buffer; a view, no copy. */
export function unframed(buffer: Buffer): Buffer {
  return buffer.subarray(PREFIX_BYTES);
}

/** What is wrong with a stream of framed messages. */
export type FramingFault = 'compressed' | 'too-large';

/**
 * Puts framed messages together from the chunks of a stream: each into a buffer of its own, prefix included, by one copy.
 * So a message that is passed on is written as it came, and one that is kept pins no slab of a socket.
 */
export class FrameReader {
  readonly #bytesMax: number;
  readonly #emit: (frame: Buffer) => void;
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  /** Bytes of the message under way that are here, its prefix included. */
  #filled = 0;
  #frame: Buffer | undefined;

  /** `bytesMax` bounds one message without its prefix. */
  constructor(bytesMax: number, emit: (frame: Buffer) => void) {
    this.#bytesMax = bytesMax;
    this.#emit = emit;
  }

  /** True between messages. */
  get isAtBoundary(): boolean {
    return this.#filled === 0;
  }

  /** Takes a chunk; what it returns is the end of the stream: nothing can be read after a fault. */
  push(chunk: Buffer): FramingFault | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame === undefined) {
        at += this.#copy(this.#prefix, PREFIX_BYTES, chunk, at);
        if (this.#filled < PREFIX_BYTES) return undefined;
        const fault = this.#begin();
        if (fault !== undefined) return fault;
      }
      const frame = this.#frame;
      if (frame === undefined) continue; // an empty message, complete with its prefix
      at += this.#copy(frame, frame.length, chunk, at);
      if (this.#filled === frame.length) this.#finish(frame);
    }
    return undefined;
  }

  #begin(): FramingFault | undefined {
    if (this.#prefix[0] !== 0) return 'compressed';
    const length = this.#prefix.readUInt32BE(1);
    if (length > this.#bytesMax) return 'too-large';
    this.#frame = allocate(PREFIX_BYTES + length);
    this.#prefix.copy(this.#frame);
    if (length === 0) this.#finish(this.#frame);
    return undefined;
  }

  #finish(frame: Buffer): void {
    this.#frame = undefined;
    this.#filled = 0;
    this.#emit(frame);
  }

  #copy(to: Buffer, length: number, chunk: Buffer, at: number): number {
    const copied = chunk.copy(to, this.#filled, at, Math.min(chunk.length, at + length - this.#filled));
    this.#filled += copied;
    return copied;
  }
}

// Node's pool makes small buffers cheap, but one that is kept pins the whole slab: worth it only for small ones.
function allocate(bytes: number): Buffer {
  return bytes <= POOLED_BYTES_MAX ? Buffer.allocUnsafe(bytes) : Buffer.allocUnsafeSlow(bytes);
}
