import { afterEach } from 'vitest';
import { openSqlite, type Database } from '@banyan/database';
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

describeEnrolmentStoreContract('SQLite', async () => new SqlEnrolmentStore(await open(), 8));
describeSubjectStoreContract('SQLite', async () => new SqlSubjectStore(await open()));
describeAuditLogContract('SQLite', async () => new SqlAuditLog(await open(), 3));
