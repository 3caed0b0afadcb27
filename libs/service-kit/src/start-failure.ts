import { ConfigError } from '@banyan/config';
import { OverlayError, reasons, type Reason } from '@banyan/grpc';
import { namedReason } from './named-reason.ts';

/** Why a process ends although nobody asked it to: what it prints and the code it ends with. */
export interface StartFailure {
  readonly reason: Reason;
  readonly message: string;
  /** One sentence: what to do. */
  readonly mend: string;
  readonly exitCode: 1 | 2;
}

const REASON_OF_ERRNO: Readonly<Record<string, Reason>> = {
  EADDRINUSE: 'PORT_TAKEN',
  EADDRNOTAVAIL: 'ADDRESS_UNAVAILABLE',
  ENOTFOUND: 'ADDRESS_UNAVAILABLE',
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EACCES: 'DATA_DIR_UNUSABLE',
  EPERM: 'DATA_DIR_UNUSABLE',
  EROFS: 'DATA_DIR_UNUSABLE',
  ENOTDIR: 'DATA_DIR_UNUSABLE',
  EEXIST: 'DATA_DIR_UNUSABLE', // a file where the directory should be
  EISDIR: 'DATA_DIR_UNUSABLE',
};

/** Any error of a start as what an operator can act on. */
export function startFailure(error: unknown): StartFailure {
  const message = error instanceof Error ? error.message : String(error);
  const exitCode = error instanceof ConfigError ? error.exitCode : 1;
  const reason = reasonOf(error);
  return { reason, message, mend: reasons[reason].mend, exitCode };
}

function reasonOf(error: unknown): Reason {
  if (error instanceof ConfigError) return error.reason;
  if (error instanceof OverlayError) return error.reason;
  const named = namedReason(error);
  if (named !== undefined) return named;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // grpc-js wraps the errors of its sockets in a text.
  const known = REASON_OF_ERRNO[code] ?? REASON_OF_ERRNO[/\b(E[A-Z]{4,})\b/.exec(error instanceof Error ? error.message : '')?.[1] ?? ''];
  if (known !== undefined) return known;
  return error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : 'INTERNAL';
}
