import type { Readable, Writable } from 'node:stream';

/** A stream people may look at. */
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

/** Everything a command touches outside the overlay; a process hands in its own, a spec whatever it likes. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted when the user wants no more (Ctrl-C, SIGTERM, the parent is gone). */
  readonly signal: AbortSignal;
}

/** Writes one line for the user. */
export function say(io: Io, line: string): void {
  io.stdout.write(`${line}\n`);
}

/** Writes one line about what goes on; it never mixes with the result. */
export function note(io: Pick<Io, 'stderr'>, line: string): void {
  io.stderr.write(`${line}\n`);
}
