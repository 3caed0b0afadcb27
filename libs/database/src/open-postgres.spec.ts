import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from './open-database.ts';
import { openPostgres } from './open-postgres.ts';
import { PostgresServer } from './testing.ts';
import { describeDatabaseContract, type ContractSchema } from './testing/contract.ts';

let server: PostgresServer;
beforeAll(async () => (server = await PostgresServer.start()));
afterAll(() => server[Symbol.asyncDispose]());

describeDatabaseContract('PostgreSQL', async () => {
  const url = await server.newDatabase();
  return { open: (migrations) => openPostgres<ContractSchema>(url, migrations, { schema: 'banyan_contract' }), dispose: () => Promise.resolve() };
});

describe('openPostgres', () => {
  it('is migrated by one of many that start at once, and the others wait for it', async () => {
    const url = await server.newDatabase();
    let runs = 0;
    const migrations = { '001_slow': { up: async () => void (runs++, await new Promise((resolve) => setTimeout(resolve, 50))) }, '002_table': { up: async ({ schema }: { readonly schema: { createTable(name: string): { addColumn(name: string, type: 'text'): { execute(): Promise<void> } } } }) => schema.createTable('t').addColumn('a', 'text').execute() } };
    const opened = await Promise.all(Array.from({ length: 5 }, () => openPostgres(url, migrations as never, { schema: 'banyan_many' })));
    expect(runs).toBe(1);
    await Promise.all(opened.map((database) => database.close()));
  });

  it('keeps services that share a database apart', async () => {
    const url = await server.newDatabase();
    const open = (service: string) => openDatabase<{ readonly t: { readonly a: number } }>({ url, file: '', service, migrations: { '001_first': { up: (query) => query.schema.createTable('t').addColumn('a', 'integer').execute() } } });
    const [one, other] = [await open('auth'), await open('tree-builder')];
    await one.query.insertInto('t').values({ a: 2 ** 53 - 1 }).execute();
    expect(await one.query.selectFrom('t').selectAll().execute()).toEqual([{ a: 2 ** 53 - 1 }]);
    expect(await other.query.selectFrom('t').selectAll().execute()).toEqual([]);
    await Promise.all([one.close(), other.close()]);
  });

  it('lets several processes count down together without losing or inventing one', async () => {
    const url = await server.newDatabase();
    const migrations = { '001_first': { up: async (query: never) => void (await sql`create table pot (n bigint)`.execute(query), await sql`insert into pot values (15)`.execute(query)) } };
    const replicas = await Promise.all(Array.from({ length: 3 }, () => openPostgres<{ readonly pot: { readonly n: number } }>(url, migrations, { schema: 'banyan_pot' })));
    const taken = await Promise.all(Array.from({ length: 24 }, (_, at) => replicas[at % 3]!.transaction(async (query) => {
      const { n } = await query.selectFrom('pot').select('n').executeTakeFirstOrThrow();
      if (n > 0) await query.updateTable('pot').set({ n: n - 1 }).execute();
      return n > 0;
    })));
    expect(taken.filter(Boolean)).toHaveLength(15);
    await Promise.all(replicas.map((replica) => replica.close()));
  });

  it('says FAILED when nobody answers, and never what the password is', async () => {
    const away = openPostgres('postgres://banyan:pa55word@127.0.0.1:1/none', {}, { schema: 'banyan_away' });
    const error: unknown = await away.catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'DatabaseError', fault: 'FAILED', reason: 'DATABASE_FAILED' });
    expect(String(error)).not.toContain('pa55word');
  });

  it('goes on when its connections were cut', async () => {
    const url = await server.newDatabase();
    const broken: Error[] = [];
    const database = await openPostgres(url, {}, { schema: 'banyan_cut', onIdleError: (error) => broken.push(error) });
    const other = await openPostgres(url, {}, { schema: 'banyan_killer' });
    const cut = await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'banyan_cut'`.execute(other.query);
    while (broken.length < cut.rows.length) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await sql<{ one: number }>`select 1::bigint as one`.execute(database.query)).rows).toEqual([{ one: 1 }]);
    await Promise.all([database.close(), other.close()]);
  });
});
