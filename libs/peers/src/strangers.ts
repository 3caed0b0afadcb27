import type { Json, Millis } from '@banyan/sansio';
import { RoundTrips, type TimeoutBounds } from './round-trip.ts';

/** Peers measured before they say anything about others. */
const SAMPLES_MIN = 8;
/** Those who were measured are nearer than most, for they were chosen so. */
const SLACK = 1.5;
const ALL = 0;

/**
 * How long to wait for a peer that was never measured: what nearly all that were would have done with. Each counts by its
 * first measurement only, for the near are measured again and again, and would make all others look late.
 */
export class Strangers {
  readonly #firsts = new RoundTrips();
  #samples = 0;

  constructor() {
    this.#firsts.reserve(1);
    this.#firsts.clear(ALL);
  }

  /** Adds the first measurement of a peer. */
  add(roundTripMs: Millis): void {
    this.#firsts.add(ALL, roundTripMs);
    this.#samples = Math.min(this.#samples + 1, SAMPLES_MIN);
  }

  timeoutMs(bounds: TimeoutBounds): Millis {
    const { timeoutInitialMs } = bounds;
    return this.#samples < SAMPLES_MIN ? timeoutInitialMs : Math.min(timeoutInitialMs, SLACK * this.#firsts.timeoutMs(ALL, bounds));
  }

  state(): Json {
    return [this.#firsts.state(ALL), this.#samples];
  }
}
