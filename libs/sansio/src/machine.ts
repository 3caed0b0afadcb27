import type { Json } from './json.ts';

/** Milliseconds on a clock the driver owns; monotone. A machine is told the time, it never asks. */
export type Millis = number;

/**
 * A protocol without a network: inputs go in, effects come out, nothing else happens.
 * Built with the same arguments and fed the same (now, input) sequence, it returns the
 * same effects in the same order. That promise is what the simulator stands on.
 */
export interface Machine<Input, Effect> {
  /** Takes one input to completion. Never awaits; never throws because of what a peer sent. */
  handle(now: Millis, input: Input): readonly Effect[];
  /** When it next wants a `tick`; undefined: only input wakes it. After a tick at `now`, later than `now`. */
  deadline(): Millis | undefined;
  /** The whole state, for explanation and digests; times are relative to `now`. */
  state(now: Millis): Json;
}

/** The earliest of several deadlines; undefined when none is set. */
export function earliest(...deadlines: readonly (Millis | undefined)[]): Millis | undefined {
  let first: Millis | undefined;
  for (const deadline of deadlines) {
    if (deadline !== undefined && (first === undefined || deadline < first)) first = deadline;
  }
  return first;
}
