import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 5;

/** Asks until the answer is neither undefined nor false. Undefined when it never came within `withinMs`; throws when `signal` is aborted. */
export async function awaited<T>(ask: () => T | undefined | false, withinMs: number, signal: AbortSignal): Promise<T | undefined> {
  const until = performance.now() + withinMs;
  for (;;) {
    signal.throwIfAborted();
    const answer = ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > until) return undefined;
    await pause(LOOK_EVERY_MS);
  }
}
