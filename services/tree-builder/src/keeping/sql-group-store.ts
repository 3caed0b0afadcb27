import type { Selectable } from 'kysely';
import type { Database } from '@banyan/database';
import { id, type Id } from '@banyan/ids';
import type { BuilderSchema } from './group-schema.ts';
import type { GroupPage, GroupRecord, GroupStore } from './group-store.ts';

// Above every character that a name may have, so that a prefix becomes a range of the primary key.
const AFTER_NAMES = '~';

/** The directory of groups in any database behind kysely. */
export class SqlGroupStore implements GroupStore {
  constructor(private readonly database: Database<BuilderSchema>) {}

  async findByName(name: string): Promise<GroupRecord | undefined> {
    const row = await this.database.query.selectFrom('group_descriptor').selectAll().where('name', '=', name).executeTakeFirst();
    return row === undefined ? undefined : toRecord(row);
  }

  async findByKey(key: Id): Promise<GroupRecord | undefined> {
    const row = await this.database.query.selectFrom('group_descriptor').selectAll().where('key', '=', key).executeTakeFirst();
    return row === undefined ? undefined : toRecord(row);
  }

  async put(group: GroupRecord): Promise<boolean> {
    const { name, ...row } = toRow(group);
    const { numInsertedOrUpdatedRows = 0n } = await this.database.query
      .insertInto('group_descriptor')
      .values({ name, ...row })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet(row)
          .where('group_descriptor.version', '=', group.version - 1),
      )
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }

  async list({ prefix, after, limit }: GroupPage): Promise<readonly GroupRecord[]> {
    const rows = await this.database.query
      .selectFrom('group_descriptor')
      .selectAll()
      .where('is_deleted', '=', 0)
      .where('name', '>', after)
      .where('name', '>=', prefix)
      .where('name', '<', `${prefix}${AFTER_NAMES}`)
      .orderBy('name')
      .limit(limit)
      .execute();
    return rows.map(toRecord);
  }

  async count(): Promise<number> {
    const { count } = await this.database.query
      .selectFrom('group_descriptor')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('is_deleted', '=', 0)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  async countOf(owner: string): Promise<number> {
    const { count } = await this.database.query
      .selectFrom('group_descriptor')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('owner', '=', owner)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  async forgetDeleted(before: number): Promise<void> {
    await this.database.query.deleteFrom('group_descriptor').where('is_deleted', '=', 1).where('changed_at_ms', '<', before).execute();
  }
}

function toRow(group: GroupRecord) {
  return {
    name: group.name,
    key: group.key,
    owner: group.owner,
    version: group.version,
    is_deleted: group.isDeleted ? 1 : 0,
    changed_at_ms: group.changedAt,
    descriptor: group.descriptor,
  };
}

function toRecord(row: Selectable<BuilderSchema['group_descriptor']>): GroupRecord {
  return {
    name: row.name,
    key: id(row.key),
    owner: row.owner,
    version: row.version,
    isDeleted: row.is_deleted === 1,
    changedAt: row.changed_at_ms,
    descriptor: row.descriptor,
  };
}
