import type { Migrations } from '@banyan/database';

/** The tables of the tree builder. */
export interface BuilderSchema {
  readonly group_descriptor: {
    readonly name: string;
    /** 32 hex digits. */
    readonly key: string;
    readonly owner: string;
    readonly version: number;
    /** 0 or 1. */
    readonly is_deleted: number;
    readonly changed_at_ms: number;
    readonly descriptor: Uint8Array;
  };
}

/** From nothing to `BuilderSchema`. */
export const builderMigrations: Migrations = {
  '001_first': {
    up: async ({ schema }) => {
      await schema
        .createTable('group_descriptor')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('key', 'text', (column) => column.notNull().unique())
        .addColumn('owner', 'text', (column) => column.notNull())
        .addColumn('version', 'bigint', (column) => column.notNull())
        .addColumn('is_deleted', 'integer', (column) => column.notNull())
        .addColumn('changed_at_ms', 'bigint', (column) => column.notNull())
        .addColumn('descriptor', 'blob', (column) => column.notNull())
        .execute();
      await schema.createIndex('group_by_owner').on('group_descriptor').column('owner').execute();
    },
  },
};
