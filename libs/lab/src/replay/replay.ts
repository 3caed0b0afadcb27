import { effectsDigest, type Recording } from '@banyan/overlay';
import type { Machine } from '@banyan/sansio';

/** How feeding a recording again went. */
export interface ReplayVerdict {
  readonly steps: number;
  /** The first step, from 1, whose effects were not those recorded; undefined when all were. */
  readonly differsAt: number | undefined;
  /** What the machine did there, as text. */
  readonly effects: readonly string[];
}

/** Feeds a fresh machine every recorded input at its recorded time and compares what comes out, until it differs. */
export function replay(recording: Recording, machine: Machine<unknown, unknown>): ReplayVerdict {
  for (const [index, { now, input, effects }] of recording.steps.entries()) {
    const again = machine.handle(now, input);
    if (effectsDigest(again) === effects) continue;
    return { steps: index + 1, differsAt: index + 1, effects: again.map((effect) => JSON.stringify(effect)) };
  }
  return { steps: recording.steps.length, differsAt: undefined, effects: [] };
}
