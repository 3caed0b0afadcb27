export type { Database, Migrations } from './database.ts';
export { DatabaseError, type DatabaseFault } from './database-error.ts';
export { openSqlite, type SqliteOptions } from './open-sqlite.ts';
export { DATABASE_URL, openDatabase, type StoreOrder } from './open-database.ts';
