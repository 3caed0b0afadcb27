import { DatabaseError, type DatabaseFault } from './database-error.ts';

// Primary result codes: https://www.sqlite.org/rescode.html
const FAULT_OF_CODE: Readonly<Record<number, DatabaseFault>> = {
  5: 'BUSY', // SQLITE_BUSY
  6: 'BUSY', // SQLITE_LOCKED
  8: 'UNUSABLE', // SQLITE_READONLY
  11: 'UNUSABLE', // SQLITE_CORRUPT
  13: 'DISK_FULL', // SQLITE_FULL
  14: 'UNUSABLE', // SQLITE_CANTOPEN
  19: 'CONFLICT', // SQLITE_CONSTRAINT
  26: 'UNUSABLE', // SQLITE_NOTADB
};

// SQLITE_IOERR_SHMSIZE: the shared memory of the log cannot grow, which is how a full disk shows itself while opening.
const SHARED_MEMORY_SIZE = 4874;

/** What `node:sqlite` threw, as DatabaseError. */
export function sqliteFault(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { errcode, message } = error as { readonly errcode?: number; readonly message?: string };
  // Extended codes carry the primary one in their low byte.
  const fault = errcode === undefined ? undefined : errcode === SHARED_MEMORY_SIZE ? 'DISK_FULL' : FAULT_OF_CODE[errcode & 0xff];
  return new DatabaseError(fault ?? 'FAILED', message ?? String(error), { cause: error });
}
