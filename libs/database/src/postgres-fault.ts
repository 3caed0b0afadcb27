import { DatabaseError, type DatabaseFault } from './database-error.ts';

/** SQLSTATE of a transaction that others got in the way of: as a whole it may be tried again. */
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';

// Codes and classes (the first two characters): https://www.postgresql.org/docs/15/errcodes-appendix.html
const FAULT_OF_STATE: Readonly<Record<string, DatabaseFault>> = {
  [SERIALIZATION_FAILURE]: 'BUSY',
  [DEADLOCK_DETECTED]: 'BUSY',
  '55P03': 'BUSY', // lock_not_available
  '57P03': 'BUSY', // cannot_connect_now: it starts or stops
  '53100': 'DISK_FULL',
};
const FAULT_OF_CLASS: Readonly<Record<string, DatabaseFault>> = {
  '23': 'CONFLICT', // integrity constraint violation
};

/** What `pg` threw, as DatabaseError. */
export function postgresFault(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  const fault = code === undefined ? undefined : (FAULT_OF_STATE[code] ?? FAULT_OF_CLASS[code.slice(0, 2)]);
  return new DatabaseError(fault ?? 'FAILED', message === undefined || message === '' ? `PostgreSQL does not answer (${code ?? String(error)})` : message, { cause: error });
}

/** True when others got in the way of a transaction, so that it may work when it is tried again. */
export function isWorthRepeating(error: unknown): boolean {
  const { code } = (error instanceof DatabaseError ? error.cause : error) as { readonly code?: unknown };
  return code === SERIALIZATION_FAILURE || code === DEADLOCK_DETECTED;
}
