import { closeSync, openSync, writeSync } from 'node:fs';
import { recordingHeaderLine, recordingStepLine, type RecordingHeader } from '@banyan/overlay';
import type { Millis } from '@banyan/sansio';

/** Inputs kept for the day an assertion fails. */
const KEPT_MAX = 64;

/** What the machine was told last, and, when a file is named, everything it was ever told. */
export class FlightRecorder {
  readonly #last: { readonly now: Millis; readonly input: unknown }[] = [];
  readonly #file: number | undefined;
  #next = 0;

  /** `file` is overwritten. Writing is synchronous: the step before a crash is the one that matters. */
  constructor(header: RecordingHeader, file: string | undefined) {
    this.#file = file === undefined ? undefined : openSync(file, 'w');
    this.#write(() => recordingHeaderLine(header));
  }

  /** One step was taken. */
  stepped(now: Millis, input: unknown, effects: readonly unknown[]): void {
    this.#last[this.#next] = { now, input };
    this.#next = (this.#next + 1) % KEPT_MAX;
    this.#write(() => recordingStepLine({ now, input, effects }));
  }

  /** The last inputs, oldest first, as lines of a recording (without its header). */
  lastInputs(): readonly string[] {
    const inOrder = [...this.#last.slice(this.#next), ...this.#last.slice(0, this.#next)];
    return inOrder.map(({ now, input }) => recordingStepLine({ now, input, effects: [] }));
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }

  #write(line: () => string): void {
    if (this.#file !== undefined) writeSync(this.#file, `${line()}\n`);
  }
}
