import { setTimeout as pause } from 'node:timers/promises';

/** How long tests wait for something that must come, on a machine that may be busy. One preset for all of them. */
export const local = { everyMs: 250, withinMs: 120_000 } as const;

/** Asks until the answer is neither undefined nor false; fails with `what` when it never came. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined | false> | T | undefined | false, withinMs: number = local.withinMs): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > until) throw new Error(`within ${withinMs} ms it did not happen: ${what}`);
    await pause(local.everyMs);
  }
}
