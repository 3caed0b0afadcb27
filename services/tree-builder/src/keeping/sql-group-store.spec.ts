import { afterAll, afterEach, beforeAll } from 'vitest';
import { openDatabase, openSqlite, type Database } from '@banyan/database';
import { PostgresServer } from '@banyan/database/testing';
import { describeGroupStoreContract } from '../testing/group-store-contract.ts';
import { builderMigrations, type BuilderSchema } from './group-schema.ts';
import { SqlGroupStore } from './sql-group-store.ts';

let server: PostgresServer;
let database: Database<BuilderSchema> | undefined;

beforeAll(async () => (server = await PostgresServer.start()));
afterEach(() => database?.close());
afterAll(() => server[Symbol.asyncDispose]());

describeGroupStoreContract('SQLite', async () => {
  database = await openSqlite<BuilderSchema>(':memory:', builderMigrations);
  return new SqlGroupStore(database);
});

describeGroupStoreContract('PostgreSQL', async () => {
  database = await openDatabase<BuilderSchema>({ url: await server.newDatabase(), file: '', service: 'tree-builder', migrations: builderMigrations });
  return new SqlGroupStore(database);
});
