import { Migrator } from 'kysely/migration';
import type { Kysely } from 'kysely';
import type { Migrations } from './database.ts';
import { DatabaseError } from './database-error.ts';

/** Brings a store to today's tables. Rejects with DatabaseError, also when a newer program has been here. `schema`: where it is noted. */
export async function migrate<Schema>(query: Kysely<Schema>, migrations: Migrations, schema?: string): Promise<void> {
  const migrator = new Migrator({ db: query, provider: { getMigrations: () => Promise.resolve({ ...migrations }) }, ...(schema === undefined ? {} : { migrationTableSchema: schema }) });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (error instanceof DatabaseError) throw error;
  const message = error instanceof Error ? error.message : String(error);
  throw new DatabaseError('UNUSABLE', `the tables cannot be brought up to date: ${message}`, { cause: error });
}
