import { afterAll, afterEach, beforeAll } from 'vitest';
import { openDatabase, openSqlite, type Database } from '@banyan/database';
import { PostgresServer } from '@banyan/database/testing';
import { describeAuditLogContract, describeEnrolmentStoreContract, describeSubjectStoreContract } from '../testing/stores-contract.ts';
import { authMigrations, type AuthSchema } from './auth-schema.ts';
import { SqlAuditLog } from './sql-audit-log.ts';
import { SqlEnrolmentStore } from './sql-enrolment-store.ts';
import { SqlSubjectStore } from './sql-subject-store.ts';

let database: Database<AuthSchema> | undefined;

async function open(): Promise<Database<AuthSchema>> {
  database = await openSqlite<AuthSchema>(':memory:', authMigrations);
  return database;
}

afterEach(async () => {
  await database?.close();
  database = undefined;
});

let server: PostgresServer;
beforeAll(async () => (server = await PostgresServer.start()));
afterAll(() => server[Symbol.asyncDispose]());

async function openOnPostgres(): Promise<Database<AuthSchema>> {
  database = await openDatabase<AuthSchema>({ url: await server.newDatabase(), file: '', service: 'auth', migrations: authMigrations });
  return database;
}

describeEnrolmentStoreContract('SQLite', async () => new SqlEnrolmentStore(await open(), 8));
describeSubjectStoreContract('SQLite', async () => new SqlSubjectStore(await open()));
describeAuditLogContract('SQLite', async () => new SqlAuditLog(await open(), 3));

describeEnrolmentStoreContract('PostgreSQL', async () => new SqlEnrolmentStore(await openOnPostgres(), 8));
describeSubjectStoreContract('PostgreSQL', async () => new SqlSubjectStore(await openOnPostgres()));
describeAuditLogContract('PostgreSQL', async () => new SqlAuditLog(await openOnPostgres(), 3));
