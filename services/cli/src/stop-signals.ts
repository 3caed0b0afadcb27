/** Signals that ask a command to end. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Equal signals within this time are one: a terminal and a parent both pass Ctrl-C on. */
const SAME_SIGNAL_MS = 1_000;

/** As much of a process as asks it to stop. */
export interface SignalSource {
  on(event: (typeof SIGNALS)[number] | 'disconnect', listener: () => void): unknown;
}

/**
 * Aborts `stop` at the first signal, or when the parent that holds our channel is gone; calls `giveUp` when the user
 * asks again, more than a second later.
 */
export function onStopAsked(source: SignalSource, stop: AbortController, giveUp: () => void, now: () => number): void {
  let askedAt: number | undefined;
  const ask = (): void => {
    if (askedAt === undefined) {
      askedAt = now();
      stop.abort();
    } else if (now() - askedAt > SAME_SIGNAL_MS) {
      giveUp();
    }
  };
  for (const signal of SIGNALS) source.on(signal, ask);
  source.on('disconnect', ask);
}
