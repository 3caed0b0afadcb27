import type { ServerHttp2Stream } from 'node:http2';
import type { OverlayError } from '../overlay-error.ts';
import { trailersOf } from './data-wire.ts';

/**
 * The parent's end of a data link: writes framed buffers as they are and counts what has not left yet. The count is our
 * own: what `write` returns speaks of one stream's buffer, not of what waits for the child's window.
 */
export class DataSender {
  readonly #stream: ServerHttp2Stream;
  readonly #queueBytesMax: number;
  readonly #lengths: number[] = [];
  #firstLength = 0;
  #end: OverlayError | undefined;
  /** Bytes handed in that have not left yet. */
  queuedBytes = 0;
  /** When a byte last left, or the first one came to wait, on the clock of `performance.now()`. */
  lastProgress = performance.now();

  constructor(stream: ServerHttp2Stream, queueBytesMax: number) {
    this.#stream = stream;
    this.#queueBytesMax = queueBytesMax;
    stream.on('wantTrailers', () => stream.sendTrailers(trailersOf(this.#end)));
  }

  /** Hands in a framed buffer, which must not change afterwards; false when more than the bound would wait. `left`: when it has left. */
  write(framed: Buffer, left?: () => void): boolean {
    if (this.queuedBytes + framed.length > this.#queueBytesMax) return false;
    if (this.queuedBytes === 0) this.lastProgress = performance.now();
    this.queuedBytes += framed.length;
    this.#lengths.push(framed.length);
    this.#stream.write(framed, left === undefined ? this.#left : () => (this.#left(), left()));
    return true;
  }

  /** Ends the call: cleanly after everything handed in, or at once with an error. */
  end(error?: OverlayError): void {
    this.#end = error;
    if (!this.#stream.destroyed) this.#stream.end();
    // A child that does not read would never let the end through.
    if (error !== undefined && this.queuedBytes > 0) this.#stream.close();
  }

  // Writes leave in the order they were handed in, so one function serves all of them.
  readonly #left = (): void => {
    this.queuedBytes -= this.#lengths[this.#firstLength++] ?? 0;
    this.lastProgress = performance.now();
    if (this.#firstLength < 1_024) return;
    this.#lengths.splice(0, this.#firstLength);
    this.#firstLength = 0;
  };
}
