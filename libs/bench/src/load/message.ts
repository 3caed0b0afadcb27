// A message of the bench: which part of the run it belongs to, its place in it, and when it was sent. Publisher and
// subscribers run on one machine, whose monotonic clock all processes share, so the difference is the true delay.
import { createHash } from 'node:crypto';

/** Bytes that the header takes: phase, index, and the time of sending. */
export const HEADER_BYTES = 16;

/** What a subscriber reads from a message. */
export interface Header {
  readonly phase: number;
  readonly index: number;
  /** On the machine's monotonic clock, ms. */
  readonly sentMs: number;
}

/** Makes messages of `size` bytes whose filling follows from the seed. */
export class MessageMaker {
  readonly #filling: Buffer;

  constructor(size: number, seed: number) {
    this.#filling = createHash('shake256', { outputLength: size }).update(`banyan bench ${seed}`).digest();
  }

  /** A message of its own memory: what is published must not change until its receipt. */
  make(phase: number, index: number): Uint8Array {
    const message = Buffer.from(this.#filling);
    message.writeUInt32BE(phase, 0);
    message.writeUInt32BE(index, 4);
    message.writeDoubleBE(nowMs(), 8);
    return message;
  }
}

/** Reads the header. */
export function readHeader(message: Uint8Array): Header {
  const view = new DataView(message.buffer, message.byteOffset, HEADER_BYTES);
  return { phase: view.getUint32(0), index: view.getUint32(4), sentMs: view.getFloat64(8) };
}

/** The machine's monotonic clock, the same in all its processes, ms. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
