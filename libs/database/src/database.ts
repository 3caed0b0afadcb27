import type { Kysely, Transaction } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Steps from an empty store to today's tables, by name; run once each, in the order of their names. A step once shipped is never changed. */
export type Migrations = Readonly<Record<string, Migration>>;

/**
 * A relational store. Asynchronous although SQLite is not, because the next one (PostgreSQL) is; so repositories keep to
 * portable SQL: text, whole numbers up to 2^53, doubles, bytes and null; booleans as 0 and 1, times as wall ms.
 * Everything rejects with DatabaseError.
 */
export interface Database<Schema> {
  /** Queries outside a transaction. While one runs they wait for it. */
  readonly query: Kysely<Schema>;
  /** Runs `work` as a whole or not at all: what it throws rolls back. `work` uses the query it is given, never the outer one. */
  transaction<Result>(work: (query: Transaction<Schema>) => Promise<Result>): Promise<Result>;
  /** Waits for what is under way and closes the store. */
  close(): Promise<void>;
}
