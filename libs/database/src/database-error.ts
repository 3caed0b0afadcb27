/**
 * What went wrong, independent of the store. `DISK_FULL`: no room. `CONFLICT`: a unique or foreign key, or a check, forbids it.
 * `BUSY`: someone else holds the database. `UNUSABLE`: not a database, damaged, newer than this program, or not ours to write.
 * `FAILED`: anything else.
 */
export type DatabaseFault = 'DISK_FULL' | 'CONFLICT' | 'BUSY' | 'UNUSABLE' | 'FAILED';

/** The one error of a store. `cause` is what its driver threw. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';

  constructor(
    readonly fault: DatabaseFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** The fault in the words of the overlay's table of reasons. */
  get reason(): 'DISK_FULL' | 'DATA_DIR_UNUSABLE' | 'DATABASE_FAILED' {
    if (this.fault === 'DISK_FULL') return 'DISK_FULL';
    return this.fault === 'UNUSABLE' ? 'DATA_DIR_UNUSABLE' : 'DATABASE_FAILED';
  }
}
