import { expect, it } from 'vitest';
import { DatabaseError } from './database-error.ts';
import { sqliteFault } from './sqlite-fault.ts';

it.each([
  [13, 'DISK_FULL', 'DISK_FULL'],
  [4874, 'DISK_FULL', 'DISK_FULL'], // SQLITE_IOERR_SHMSIZE
  [10, 'FAILED', 'DATABASE_FAILED'], // SQLITE_IOERR
  [5, 'BUSY', 'DATABASE_FAILED'],
  [2067, 'CONFLICT', 'DATABASE_FAILED'], // SQLITE_CONSTRAINT_UNIQUE
  [26, 'UNUSABLE', 'DATA_DIR_UNUSABLE'],
])('takes the SQLite code %i for %s, told as %s', (errcode, fault, reason) => {
  expect(sqliteFault(Object.assign(new Error('what it says'), { errcode }))).toMatchObject({ fault, reason, message: 'what it says' });
});

it('takes anything else for FAILED, and leaves its own errors as they are', () => {
  const own = new DatabaseError('BUSY', 'held');
  expect(sqliteFault(own)).toBe(own);
  expect(sqliteFault('odd')).toMatchObject({ fault: 'FAILED', message: 'odd' });
});
