import type { Json, Millis } from '@banyan/sansio';

/** Bounds of the retransmission timeout. */
export interface TimeoutBounds {
  readonly timeoutInitialMs: Millis;
  readonly timeoutMinMs: Millis;
  readonly timeoutMaxMs: Millis;
}

/**
 * What measurements of one peer say: a smoothed round-trip time for timeouts, and the last three samples for proximity.
 * Source: RFC 6298 (gains 1/8 and 1/4, timeout = mean + 4 deviations); Castro et al. 2004 (median of three distance probes).
 */
export class RoundTrip {
  #smoothedMs = NaN;
  #deviationMs = 0;
  #last = NaN;
  #beforeLast = NaN;
  #thirdLast = NaN;

  add(sampleMs: Millis): void {
    if (Number.isNaN(this.#smoothedMs)) {
      this.#smoothedMs = sampleMs;
      this.#deviationMs = sampleMs / 2;
    } else {
      this.#deviationMs += (Math.abs(sampleMs - this.#smoothedMs) - this.#deviationMs) / 4;
      this.#smoothedMs += (sampleMs - this.#smoothedMs) / 8;
    }
    this.#thirdLast = this.#beforeLast;
    this.#beforeLast = this.#last;
    this.#last = sampleMs;
  }

  /** Smoothed round-trip time; undefined before the first sample. */
  smoothedMs(): Millis | undefined {
    return Number.isNaN(this.#smoothedMs) ? undefined : this.#smoothedMs;
  }

  /** Median of the last three samples, the smallest of fewer: what slots of a routing table are chosen by. */
  proximityMs(): Millis | undefined {
    if (Number.isNaN(this.#last)) return undefined;
    if (Number.isNaN(this.#beforeLast)) return this.#last;
    const low = Math.min(this.#last, this.#beforeLast);
    if (Number.isNaN(this.#thirdLast)) return low;
    return Math.max(low, Math.min(Math.max(this.#last, this.#beforeLast), this.#thirdLast));
  }

  state(): Json {
    const known = [this.#smoothedMs, this.#deviationMs, this.#last, this.#beforeLast, this.#thirdLast];
    return known.map((ms) => (Number.isNaN(ms) ? null : ms));
  }

  /** How long to wait for an answer before trying again. */
  timeoutMs(bounds: TimeoutBounds): Millis {
    if (Number.isNaN(this.#smoothedMs)) return bounds.timeoutInitialMs;
    const timeout = this.#smoothedMs + 4 * this.#deviationMs;
    return Math.min(bounds.timeoutMaxMs, Math.max(bounds.timeoutMinMs, timeout));
  }
}
