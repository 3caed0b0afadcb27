/**
 * Equal signals within this time are one, ms: a terminal signals the whole process group, and so do wrappers. So is a signal after
 * the end of stdin: a launcher that stops a process signals it and closes the pipe it held, and either may come first.
 */
const SAME_SIGNAL_MS = 1_000;

/** Asks that may reach a process; tests hand in an emitter of their own. */
export interface StopSource {
  on(event: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
}

/** What happens when a process is asked to stop. */
export interface StopListeners {
  /** The first time: stop gracefully; `cause` is the signal, or `stdin` when the launcher is gone. */
  stop(cause: string): void;
  /** Asked again, more than a moment later: end at once. */
  abandon(cause: string): void;
}

/**
 * Listens for SIGTERM, SIGINT and, when `stdin` is given, for its end (the launcher that held the pipe has died).
 * `now` is a clock in ms.
 */
export function onStopAsked(source: StopSource, stdin: NodeJS.ReadableStream | undefined, listeners: StopListeners, now: () => number): void {
  const askedAt = new Map<string, number>();
  let isStopping = false;
  const ask = (cause: string): void => {
    const last = askedAt.get(cause);
    askedAt.set(cause, now());
    if (last !== undefined && now() - last < SAME_SIGNAL_MS) return;
    const stdinEndedAt = askedAt.get('stdin');
    if (isStopping && stdinEndedAt !== undefined && now() - stdinEndedAt < SAME_SIGNAL_MS) return;
    if (!isStopping) {
      isStopping = true;
      listeners.stop(cause);
    } else if (cause !== 'stdin') {
      listeners.abandon(cause);
    }
  };
  source.on('SIGTERM', () => ask('SIGTERM'));
  source.on('SIGINT', () => ask('SIGINT'));
  stdin?.on('end', () => ask('stdin')).on('error', () => ask('stdin')).resume();
}
