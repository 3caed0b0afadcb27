import { Kysely, SqliteDialect } from 'kysely';
import type { Database, Migrations } from './database.ts';
import { migrate } from './migrate.ts';
import { SqliteConnection } from './sqlite-connection.ts';

/** How a SQLite database is opened. */
export interface SqliteOptions {
  /** Another process may hold the file for moments (a backup, a shell); after so long, ms, we say BUSY. 2 s when left out. */
  readonly busyTimeoutMs?: number;
}

const BUSY_TIMEOUT_MS = 2_000;

/** Opens the SQLite database in `file` (or `:memory:`), made when it is not there, with its tables up to date. */
export async function openSqlite<Schema>(file: string, migrations: Migrations, options: SqliteOptions = {}): Promise<Database<Schema>> {
  // Opened here and not at the first query, so that a start fails where it can say why.
  const connection = new SqliteConnection(file, options.busyTimeoutMs ?? BUSY_TIMEOUT_MS);
  const query = new Kysely<Schema>({ dialect: new SqliteDialect({ database: connection }) });
  try {
    await migrate(query, migrations);
  } catch (error) {
    await query.destroy();
    throw error;
  }
  return {
    query,
    transaction: (work) => query.transaction().execute(work),
    close: () => query.destroy(),
  };
}
