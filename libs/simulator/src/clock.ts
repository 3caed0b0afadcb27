import type { Millis } from '@banyan/sansio';

/** How a host's own clock runs beside the world's: its machine is told `offsetMs + rate * world time`. */
export interface HostClock {
  readonly offsetMs: Millis;
  /** Above 0; 1.01 gains one second in a hundred. */
  readonly rate: number;
}

/** The clock of a host that was given none: the world's own. */
export const TRUE_CLOCK: HostClock = { offsetMs: 0, rate: 1 };

/** What this clock shows at a time of the world. */
export function shownAt({ offsetMs, rate }: HostClock, worldMs: Millis): Millis {
  return offsetMs + rate * worldMs;
}

/** The time of the world at which this clock shows `shownMs`. */
export function worldTimeOf({ offsetMs, rate }: HostClock, shownMs: Millis): Millis {
  return (shownMs - offsetMs) / rate;
}
