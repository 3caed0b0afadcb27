import type { Millis } from '@banyan/sansio';

/** Bounds of the retransmission timeout. */
export interface TimeoutBounds {
  readonly timeoutInitialMs: Millis;
  readonly timeoutMinMs: Millis;
  readonly timeoutMaxMs: Millis;
}

const PER_MS = 100;
const NONE = -1;

/**
 * What measurements of one peer say: a smoothed round-trip time for timeouts, and the last three samples for proximity.
 * Kept as whole hundredths of a millisecond: a node remembers hundreds of peers, and small integers need no memory of their own.
 * Source: RFC 6298 (gains 1/8 and 1/4, timeout = mean + 4 deviations); Castro et al. 2004 (median of three distance probes).
 */
export class RoundTrip {
  #smoothed = NONE;
  #deviation = 0;
  #last = NONE;
  #beforeLast = NONE;
  #thirdLast = NONE;

  add(sampleMs: Millis): void {
    const sample = Math.max(0, Math.round(sampleMs * PER_MS));
    if (this.#smoothed === NONE) {
      this.#smoothed = sample;
      this.#deviation = Math.round(sample / 2);
    } else {
      this.#deviation = Math.round(this.#deviation + (Math.abs(sample - this.#smoothed) - this.#deviation) / 4);
      this.#smoothed = Math.round(this.#smoothed + (sample - this.#smoothed) / 8);
    }
    this.#thirdLast = this.#beforeLast;
    this.#beforeLast = this.#last;
    this.#last = sample;
  }

  /** Smoothed round-trip time; undefined before the first sample. */
  smoothedMs(): Millis | undefined {
    return this.#smoothed === NONE ? undefined : this.#smoothed / PER_MS;
  }

  /** Median of the last three samples, the smallest of fewer: what slots of a routing table are chosen by. */
  proximityMs(): Millis | undefined {
    if (this.#last === NONE) return undefined;
    if (this.#beforeLast === NONE) return this.#last / PER_MS;
    const low = Math.min(this.#last, this.#beforeLast);
    if (this.#thirdLast === NONE) return low / PER_MS;
    return Math.max(low, Math.min(Math.max(this.#last, this.#beforeLast), this.#thirdLast)) / PER_MS;
  }

  state(): readonly (number | null)[] {
    const known = [this.#smoothed, this.#deviation, this.#last, this.#beforeLast, this.#thirdLast];
    return known.map((hundredths) => (hundredths === NONE ? null : hundredths / PER_MS));
  }

  /** How long to wait for an answer before trying again. */
  timeoutMs(bounds: TimeoutBounds): Millis {
    if (this.#smoothed === NONE) return bounds.timeoutInitialMs;
    const timeout = (this.#smoothed + 4 * this.#deviation) / PER_MS;
    return Math.min(bounds.timeoutMaxMs, Math.max(bounds.timeoutMinMs, timeout));
  }
}
