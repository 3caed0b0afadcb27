import { sql, type Generated, type Kysely, type Transaction } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Database, Migrations } from '../database.ts';

/** A store under test: how to open it empty, how to open it again, how to be rid of it. */
export interface StoreUnderTest {
  /** Opens the store; a second open of the same instance finds what the first one left. */
  open(migrations: Migrations): Promise<Database<ContractSchema>>;
  dispose(): Promise<void>;
}

/** The tables of the suite. */
export interface ContractSchema {
  readonly owner: { readonly name: string; readonly uses: number };
  readonly thing: { readonly id: Generated<number>; readonly owner: string; readonly body: Uint8Array; readonly at_ms: number; readonly ratio: number | null };
}

const migrations: Migrations = {
  '001_owner': {
    up: async (query) => {
      await query.schema.createTable('owner').addColumn('name', 'text', (c) => c.primaryKey()).addColumn('uses', 'integer', (c) => c.notNull().check(sql`uses >= 0`)).execute();
    },
  },
  '002_thing': {
    up: async (query) => {
      await query.schema
        .createTable('thing')
        .addColumn('id', 'integer', (c) => c.primaryKey())
        .addColumn('owner', 'text', (c) => c.notNull().references('owner.name'))
        .addColumn('body', 'blob', (c) => c.notNull())
        .addColumn('at_ms', 'bigint', (c) => c.notNull())
        .addColumn('ratio', 'real')
        .execute();
    },
  },
};

/** What every implementation of `Database` must do. */
export function describeDatabaseContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a Database`, () => {
    let store: StoreUnderTest;
    let database: Database<ContractSchema>;

    beforeEach(async () => {
      store = await make();
      database = await store.open(migrations);
      await database.query.insertInto('owner').values({ name: 'ann', uses: 2 }).execute();
    });
    afterEach(async () => {
      await database.close();
      await store.dispose();
    });

    it('gives back bytes, times and nothing as they were', async () => {
      const row = { owner: 'ann', body: Uint8Array.of(0, 255, 7), at_ms: Date.UTC(2400, 0), ratio: null };
      await database.query.insertInto('thing').values(row).execute();
      const found = await database.query.selectFrom('thing').selectAll().executeTakeFirstOrThrow();
      expect({ ...found, body: Uint8Array.from(found.body) }).toEqual({ id: 1, ...row });
    });

    it('keeps what was committed when it is opened again, and migrates once', async () => {
      await database.close();
      database = await store.open(migrations);
      expect(await database.query.selectFrom('owner').selectAll().execute()).toEqual([{ name: 'ann', uses: 2 }]);
    });

    it('runs a new step on an old store', async () => {
      await database.close();
      const nine = async (query: Kysely<ContractSchema>): Promise<void> => void (await query.updateTable('owner').set({ uses: 9 }).execute());
      database = await store.open({ ...migrations, '003_more': { up: nine } });
      expect((await database.query.selectFrom('owner').select('uses').executeTakeFirst())?.uses).toBe(9);
    });

    it('refuses a store that a newer program has migrated', async () => {
      await database.close();
      const { '001_owner': first } = migrations;
      await expect(store.open({ '001_owner': first! })).rejects.toMatchObject({ name: 'DatabaseError', fault: 'UNUSABLE' });
      database = await store.open(migrations);
    });

    it('rolls a transaction back as a whole', async () => {
      const failing = database.transaction(async (query) => {
        await query.updateTable('owner').set({ uses: 1 }).execute();
        throw new Error('changed my mind');
      });
      await expect(failing).rejects.toThrow('changed my mind');
      expect((await database.query.selectFrom('owner').select('uses').executeTakeFirst())?.uses).toBe(2);
    });

    it('counts down to zero and not below, however many ask at once', async () => {
      const taken = await Promise.all(Array.from({ length: 10 }, () => database.transaction(takeOne)));
      expect(taken.filter(Boolean)).toHaveLength(2);
    });

    it('counts the rows that a guarded update changed', async () => {
      const { query } = database;
      const takeTwo = query.updateTable('owner').set((e) => ({ uses: e('uses', '-', 2) })).where('name', '=', 'ann').where('uses', '>', 0);
      expect((await takeTwo.executeTakeFirst()).numUpdatedRows).toBe(1n);
      expect((await takeTwo.executeTakeFirst()).numUpdatedRows).toBe(0n);
    });

    it('tells a conflict of keys and checks as CONFLICT', async () => {
      const { query } = database;
      await expect(query.insertInto('owner').values({ name: 'ann', uses: 1 }).execute()).rejects.toMatchObject({ fault: 'CONFLICT' });
      await expect(query.insertInto('owner').values({ name: 'bob', uses: -1 }).execute()).rejects.toMatchObject({ fault: 'CONFLICT' });
      const orphan = { owner: 'nobody', body: new Uint8Array(), at_ms: 0, ratio: 0.5 };
      await expect(query.insertInto('thing').values(orphan).execute()).rejects.toMatchObject({ fault: 'CONFLICT' });
    });

    it('leaves a row that is there alone when told so', async () => {
      const insert = database.query.insertInto('owner').values({ name: 'ann', uses: 7 }).onConflict((c) => c.doNothing());
      expect((await insert.executeTakeFirst()).numInsertedOrUpdatedRows).toBe(0n);
    });

    it('tells a wrong query as FAILED', async () => {
      await expect(sql`select nothing from nowhere`.execute(database.query)).rejects.toMatchObject({ fault: 'FAILED' });
    });
  });
}

async function takeOne(query: Transaction<ContractSchema>): Promise<boolean> {
  const { uses } = await query.selectFrom('owner').select('uses').where('name', '=', 'ann').executeTakeFirstOrThrow();
  if (uses === 0) return false;
  await query.updateTable('owner').set({ uses: uses - 1 }).where('name', '=', 'ann').execute();
  return true;
}
