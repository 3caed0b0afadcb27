import { chmodSync } from 'node:fs';
import { DatabaseSync, type StatementSync, type SQLInputValue } from 'node:sqlite';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { sqliteFault } from './sqlite-fault.ts';

const OWNER_ONLY = 0o600;

/**
 * `node:sqlite` as kysely's SQLite dialect wants it. Throws DatabaseError only.
 * WAL: readers (backups) never wait for us; `synchronous = FULL`: what was committed survives a power cut, because a
 * used-up enrolment token must stay used up.
 */
export class SqliteConnection implements SqliteDatabase {
  readonly #database: DatabaseSync;

  /** `file` is a path, or `:memory:`. */
  constructor(file: string, busyTimeoutMs: number) {
    this.#database = guarded(() => new DatabaseSync(file, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true }));
    try {
      if (file !== ':memory:') chmodSync(file, OWNER_ONLY); // the log beside it takes the same mode
      guarded(() => this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL'));
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  prepare(sql: string): SqliteStatement {
    const statement = guarded(() => this.#database.prepare(sql));
    return toKyselyStatement(statement);
  }

  close(): void {
    guarded(() => this.#database.close());
  }
}

function toKyselyStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => guarded(() => statement.all(...bindable(parameters))),
    run: (parameters) => guarded(() => statement.run(...bindable(parameters))),
    iterate: (parameters) => guarded(() => statement.iterate(...bindable(parameters))),
  };
}

// The schema types of the repositories admit nothing else; node:sqlite itself refuses what slips through.
function bindable(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters as SQLInputValue[];
}

function guarded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw sqliteFault(error);
  }
}
