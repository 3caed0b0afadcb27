import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite } from './open-sqlite.ts';
import { describeDatabaseContract, type ContractSchema } from './testing/contract.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'banyan-database-'));
});
afterEach(() => rm(directory, { recursive: true }));

describeDatabaseContract('SQLite', () => {
  const file = join(directory, 'store.sqlite');
  return Promise.resolve({ open: (migrations) => openSqlite<ContractSchema>(file, migrations), dispose: () => Promise.resolve() });
});

describe('openSqlite', () => {
  it('writes ahead and syncs', async () => {
    const database = await openSqlite(join(directory, 'a.sqlite'), {});
    const { rows } = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(database.query);
    expect(rows).toEqual([{ journal_mode: 'wal' }]);
    await database.close();
  });

  it('says DISK_FULL when there is no room, and goes on when there is', async () => {
    const database = await openSqlite(join(directory, 'a.sqlite'), {});
    await sql`create table blob (body blob)`.execute(database.query);
    await sql`pragma max_page_count = 20`.execute(database.query);
    const insert = sql`insert into blob values (zeroblob(200000))`;
    await expect(insert.execute(database.query)).rejects.toMatchObject({ name: 'DatabaseError', fault: 'DISK_FULL' });
    await sql`pragma max_page_count = 1000`.execute(database.query);
    await insert.execute(database.query);
    await database.close();
  });

  it('says UNUSABLE of a file that is no database, and of a directory that is not there', async () => {
    await writeFile(join(directory, 'b.sqlite'), 'these are not the bytes of a database, nor of anything else');
    await expect(openSqlite(join(directory, 'b.sqlite'), {})).rejects.toMatchObject({ fault: 'UNUSABLE' });
    await expect(openSqlite(join(directory, 'nowhere', 'c.sqlite'), {})).rejects.toMatchObject({ fault: 'UNUSABLE' });
  });

  it('says BUSY when another process writes', async () => {
    const file = join(directory, 'd.sqlite');
    const database = await openSqlite(file, {}, { busyTimeoutMs: 1 });
    const other = new DatabaseSync(file);
    other.exec('begin immediate');
    await expect(sql`create table t (a int)`.execute(database.query)).rejects.toMatchObject({ fault: 'BUSY' });
    other.exec('rollback');
    other.close();
    await database.close();
  });
});
