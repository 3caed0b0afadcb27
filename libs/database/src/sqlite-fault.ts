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

/** What `node:sqlite` threw, as DatabaseError. */
export function sqliteFault(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { errcode, message } = error as { readonly errcode?: number; readonly message?: string };
  // Extended codes carry the primary one in their low byte.
  const fault = errcode === undefined ? undefined : FAULT_OF_CODE[errcode & 0xff];
  return new DatabaseError(fault ?? 'FAILED', message ?? String(error), { cause: error });
}
