import type { Json, Millis } from '@banyan/sansio';

/** Bounds of the retransmission timeout. */
export interface TimeoutBounds {
  readonly timeoutInitialMs: Millis;
  readonly timeoutMinMs: Millis;
  readonly timeoutMaxMs: Millis;
}

const PER_MS = 100;
const NONE = -1;

/** Words of one peer: smoothed round-trip time, deviation, the last three samples, newest first. */
const WIDTH = 5;
const [SMOOTHED, DEVIATION, LAST, BEFORE_LAST, THIRD_LAST] = [0, 1, 2, 3, 4];

/**
 * What measurements of peers say: a smoothed round-trip time for timeouts, and the last three samples for proximity.
 * A node remembers hundreds of peers, so they are kept side by side, as whole hundredths of a millisecond, each at the place that
 * its keeper gives it.
 * Source: RFC 6298 (gains 1/8 and 1/4, timeout = mean + 4 deviations); Castro et al. 2004 (median of three distance probes).
 */
export class RoundTrips {
  #words = new Int32Array(0);

  /** Makes room for so many peers; what was measured stays. */
  reserve(peers: number): void {
    const words = new Int32Array(peers * WIDTH);
    words.set(this.#words.subarray(0, words.length));
    this.#words = words;
  }

  /** A peer of which nothing is known takes this place. */
  clear(place: number): void {
    this.#words.fill(NONE, place * WIDTH, (place + 1) * WIDTH);
  }

  add(place: number, sampleMs: Millis): void {
    const words = this.#words;
    const at = place * WIDTH;
    const sample = Math.max(0, Math.round(sampleMs * PER_MS));
    const smoothed = words[at + SMOOTHED] ?? NONE;
    const deviation = words[at + DEVIATION] ?? 0;
    if (smoothed === NONE) {
      words[at + SMOOTHED] = sample;
      words[at + DEVIATION] = Math.round(sample / 2);
    } else {
      words[at + DEVIATION] = Math.round(deviation + (Math.abs(sample - smoothed) - deviation) / 4);
      words[at + SMOOTHED] = Math.round(smoothed + (sample - smoothed) / 8);
    }
    words[at + THIRD_LAST] = words[at + BEFORE_LAST] ?? NONE;
    words[at + BEFORE_LAST] = words[at + LAST] ?? NONE;
    words[at + LAST] = sample;
  }

  /** Smoothed round-trip time; undefined before the first sample. */
  smoothedMs(place: number): Millis | undefined {
    const smoothed = this.#words[place * WIDTH + SMOOTHED] ?? NONE;
    return smoothed === NONE ? undefined : smoothed / PER_MS;
  }

  /** Median of the last three samples, the smallest of fewer: what slots of a routing table are chosen by. */
  proximityMs(place: number): Millis | undefined {
    const at = place * WIDTH;
    const last = this.#words[at + LAST] ?? NONE;
    const beforeLast = this.#words[at + BEFORE_LAST] ?? NONE;
    const thirdLast = this.#words[at + THIRD_LAST] ?? NONE;
    if (last === NONE) return undefined;
    if (beforeLast === NONE) return last / PER_MS;
    const low = Math.min(last, beforeLast);
    if (thirdLast === NONE) return low / PER_MS;
    return Math.max(low, Math.min(Math.max(last, beforeLast), thirdLast)) / PER_MS;
  }

  /** How long to wait for an answer before trying again. */
  timeoutMs(place: number, bounds: TimeoutBounds): Millis {
    const at = place * WIDTH;
    const smoothed = this.#words[at + SMOOTHED] ?? NONE;
    if (smoothed === NONE) return bounds.timeoutInitialMs;
    const timeout = (smoothed + 4 * (this.#words[at + DEVIATION] ?? 0)) / PER_MS;
    return Math.min(bounds.timeoutMaxMs, Math.max(bounds.timeoutMinMs, timeout));
  }

  state(place: number): Json {
    const [smoothed = NONE, deviation = NONE, ...samples] = this.#words.subarray(place * WIDTH, (place + 1) * WIDTH);
    return [smoothed, smoothed === NONE ? 0 : deviation, ...samples].map((hundredths) => (hundredths === NONE ? null : hundredths / PER_MS));
  }
}
