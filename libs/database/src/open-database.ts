import { resolve } from 'node:path';
import type { Database, Migrations } from './database.ts';
import { openSqlite } from './open-sqlite.ts';

/** Which store: `sqlite:FILE`, `postgres://…` or `postgresql://…`. */
export const DATABASE_URL = /^(sqlite:.+|postgres(ql)?:\/\/.+)$/;

/** Whose tables they are, and where they are kept when no address says so. */
export interface StoreOrder {
  /** `undefined`: the SQLite database in `file`. */
  readonly url: string | undefined;
  readonly file: string;
  /** Names the tables' schema in a database that several services share. */
  readonly service: string;
  readonly migrations: Migrations;
  /** Told of connections that broke while nobody used them. */
  readonly onIdleError?: (error: Error) => void;
}

/** Opens the store that an address means, with its tables up to date. The driver of PostgreSQL is loaded only where it is used. */
export async function openDatabase<Schema>({ url, file, service, migrations, onIdleError }: StoreOrder): Promise<Database<Schema>> {
  if (url === undefined) return openSqlite<Schema>(file, migrations);
  if (url.startsWith('sqlite:')) return openSqlite<Schema>(resolve(url.slice('sqlite:'.length)), migrations);
  const schema = `banyan_${service.replaceAll('-', '_')}`;
  const { openPostgres } = await import('./open-postgres.ts');
  return openPostgres<Schema>(url, migrations, { schema, ...(onIdleError === undefined ? {} : { onIdleError }) });
}
