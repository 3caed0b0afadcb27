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

// One view for all: a view on each message would cost more than reading it.
const header = new Uint8Array(HEADER_BYTES);
const view = new DataView(header.buffer);

/** Reads the header. */
export function readHeader(message: Uint8Array): Header {
  for (let i = 0; i < HEADER_BYTES; i++) header[i] = message[i] ?? 0;
  return { phase: view.getUint32(0), index: view.getUint32(4), sentMs: view.getFloat64(8) };
}

// The clock of `performance.now()` begins with the process; this is how far behind the machine's that is.
const [startSeconds, startNanoseconds] = process.hrtime();
const OFFSET_MS = startSeconds * 1_000 + startNanoseconds / 1e6 - performance.now();

/** The machine's monotonic clock, the same in all its processes, ms. */
export function nowMs(): number {
  return OFFSET_MS + performance.now();
}
