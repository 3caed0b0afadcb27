import { setTimeout as delay } from 'node:timers/promises';
import { OverlayError } from '@banyan/grpc';
import { isTransient } from './transient.ts';

/** Told whenever a stream lost its node and goes on with the next. */
export interface Reconnect {
  /** The node that was lost, `host:port`. */
  readonly lost: string;
  readonly error: OverlayError;
  /** Attempts since the last progress. */
  readonly attempt: number;
}

const FIRST_WAIT_MS = 50;
const WAIT_MS_MAX = 2_000;

/**
 * How long a stream keeps trying. Each failure waits longer (50 ms doubled up to 2 s, with jitter, so that
 * clients of a dead node do not all arrive at the next one at once); `limitMs` after the first failure without progress the error stands.
 */
export class Patience {
  readonly #limitMs: number;
  #failingSince: number | undefined;
  #attempts = 0;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Failures since the last progress. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Something arrived: start afresh. */
  progress(): void {
    this.#failingSince = undefined;
    this.#attempts = 0;
  }

  /** Waits before the next attempt; throws `error` when it is none to wait for, or patience has ended. */
  async waitAfter(error: OverlayError, signal: AbortSignal): Promise<void> {
    this.#attempts++;
    if (!isTransient(error)) throw error;
    this.#failingSince ??= Date.now();
    const goneMs = Date.now() - this.#failingSince;
    if (goneMs >= this.#limitMs) {
      const message = `${error.message} (gave up after ${this.#attempts} attempts in ${Math.round(goneMs / 1000)} s)`;
      throw new OverlayError(error.reason, message, error.metadata, { cause: error });
    }
    const ceilingMs = Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** (this.#attempts - 1));
    await delay(error.retryAfterMs ?? ceilingMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
  }
}
