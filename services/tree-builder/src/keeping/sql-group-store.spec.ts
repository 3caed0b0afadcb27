import { afterEach } from 'vitest';
import { openSqlite, type Database } from '@banyan/database';
import { describeGroupStoreContract } from '../testing/group-store-contract.ts';
import { builderMigrations, type BuilderSchema } from './group-schema.ts';
import { SqlGroupStore } from './sql-group-store.ts';

let database: Database<BuilderSchema> | undefined;

afterEach(() => database?.close());

describeGroupStoreContract('SQLite', async () => {
  database = await openSqlite<BuilderSchema>(':memory:', builderMigrations);
  return new SqlGroupStore(database);
});
