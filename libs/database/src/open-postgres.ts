import { setTimeout as pause } from 'node:timers/promises';
import { Kysely, PostgresAdapter, PostgresDriver, PostgresIntrospector, type Transaction } from 'kysely';
import type { Database, Migrations } from './database.ts';
import { migrate } from './migrate.ts';
import { PortablePostgresCompiler } from './postgres-compiler.ts';
import { isWorthRepeating } from './postgres-fault.ts';
import { GuardedPool } from './postgres-pool.ts';

/** How a PostgreSQL database is opened. */
export interface PostgresOptions {
  /** The schema of our tables, made when it is not there: several services share one database, each with its own. */
  readonly schema: string;
  /** Told of connections that broke while nobody used them. */
  readonly onIdleError?: (error: Error) => void;
}

const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;
/** Class of our advisory locks: whoever opens a schema holds (class, hash of its name) while he migrates. */
const MIGRATION_LOCK = 0x62616e79; // 'bany'
/** Times that a transaction is tried which others get in the way of, and the greatest pause before it is tried again, ms. */
const ATTEMPTS_MAX = 24;
const RETRY_MS_MAX = 200;

/**
 * Opens a schema of the PostgreSQL database at `url` (`postgres://USER:PASSWORD@HOST:PORT/DATABASE`), with its tables up to date.
 * Any number of processes may open the same one at once: one of them migrates, the others wait.
 * Transactions are serializable, and tried again as a whole when others got in the way; so `work` does nothing but query.
 */
export async function openPostgres<Schema>(url: string, migrations: Migrations, options: PostgresOptions): Promise<Database<Schema>> {
  const { schema, onIdleError = () => undefined } = options;
  if (!SCHEMA.test(schema)) throw new TypeError(`'${schema}' is no name of a schema`);
  const pool = new GuardedPool(url, schema, onIdleError);
  const query = new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new PostgresDriver({ pool }),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PortablePostgresCompiler(),
    },
  });
  try {
    await alone(pool, schema, async () => {
      await pool.query(`create schema if not exists ${schema}`);
      await migrate(query, migrations, schema);
    });
  } catch (error) {
    await query.destroy();
    await pool.end().catch(() => undefined); // kysely ends it only when it has used it
    throw error;
  }
  return { query, transaction: (work) => repeatedly(query, work), close: () => query.destroy() };
}

/** Runs `work` while no other process does so for this schema. The lock belongs to a connection, so it ends with its holder. */
async function alone(pool: GuardedPool, schema: string, work: () => Promise<void>): Promise<void> {
  const holder = await pool.connect();
  const values = [MIGRATION_LOCK, schema];
  try {
    await holder.query('select pg_advisory_lock($1, hashtext($2))', values);
    try {
      await work();
    } finally {
      await holder.query('select pg_advisory_unlock($1, hashtext($2))', values);
    }
  } finally {
    holder.release();
  }
}

async function repeatedly<Schema, Result>(query: Kysely<Schema>, work: (query: Transaction<Schema>) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await query.transaction().setIsolationLevel('serializable').execute(work);
    } catch (error) {
      if (attempt >= ATTEMPTS_MAX || !isWorthRepeating(error)) throw error;
      await pause(Math.random() * Math.min(RETRY_MS_MAX, 2 ** attempt));
    }
  }
}
