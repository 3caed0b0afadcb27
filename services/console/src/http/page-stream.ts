import type { Response } from 'express';
import type { Follower } from '../watching/topic.ts';

/** What may wait for a page: more than the picture of a ring of 5,000 nodes. Beyond it nothing is kept but that it missed something. */
export const WAITING_BYTES_MAX = 4 * 1024 * 1024;
const SIGN_OF_LIFE_MS = 15_000;

/** One page's stream of server-sent events. */
export class PageStream implements Follower {
  readonly topics = new Set<string>();
  readonly #response: Response;
  readonly #timer: NodeJS.Timeout;
  #hasMissed = false;

  constructor(
    response: Response,
    /** A page that missed events has read what waited: it is to be told everything again. */
    private readonly caughtUp: () => void,
    private readonly dropped: () => void,
  ) {
    this.#response = response;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    response.on('drain', () => this.#onDrain());
    this.#timer = setInterval(() => response.write(': alive\n\n'), SIGN_OF_LIFE_MS).unref();
  }

  take(message: string): void {
    if (this.#response.writableLength > WAITING_BYTES_MAX) {
      this.#hasMissed = true;
      return this.dropped();
    }
    this.#response.write(message);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#response.end();
  }

  #onDrain(): void {
    if (!this.#hasMissed) return;
    this.#hasMissed = false;
    this.caughtUp();
  }
}
