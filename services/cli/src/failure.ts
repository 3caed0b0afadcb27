import { CommanderError } from 'commander';
import { OverlayError, parseStatus } from '@banyan/grpc';
import type { Io } from './io.ts';
import { note } from './io.ts';
import { json } from './output/json.ts';
import { styleFor } from './output/style.ts';
import { printable } from './output/table.ts';
import { UsageError } from './usage-error.ts';

/** Exit codes: done, failed, used wrongly. */
export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** A command has said all there is to say about its failure. */
export class SilentFailure extends Error {
  override readonly name = 'SilentFailure';

  constructor(readonly exitCode: number = EXIT_FAILED) {
    super('told already');
  }
}

/** Tells what went wrong and what to do about it, on stderr; gives the exit code. */
export function reportFailure(io: Io, error: unknown, asJson: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : EXIT_USAGE; // commander has said it
  if (error instanceof SilentFailure) return error.exitCode;
  if (error instanceof UsageError) {
    note(io, `banyan: ${error.message}`);
    return EXIT_USAGE;
  }
  const told = error instanceof OverlayError ? error : parseStatus(error);
  if (asJson) note(io, json({ error: { reason: told.reason, message: told.message, mend: told.mend, metadata: told.metadata } }));
  else tell(io, told);
  return EXIT_FAILED;
}

function tell(io: Io, error: OverlayError): void {
  const style = styleFor(io.stderr, io.env);
  const reason = style.dim(`(${error.reason})`);
  if (error.reason === 'CANCELLED') return note(io, `banyan: ${printable(error.message)} ${reason}`); // nothing to mend
  note(io, `${style.red('banyan:')} ${printable(error.message)}`);
  note(io, `  ${error.mend} ${reason}`);
  if (error.reason === 'INTERNAL' && io.env['BANYAN_DEBUG'] !== undefined) note(io, String(error.stack));
}
