import { sql, type Generated } from 'kysely';
import type { Migrations } from '@banyan/database';

/** The tables of auth. Lists are space-separated text, times wall ms, digests, ids and salts hex. */
export interface AuthSchema {
  readonly enrolment_token: {
    readonly digest: string;
    readonly label: string;
    readonly roles: string;
    readonly uses_left: number;
    readonly expires_at_ms: number;
  };
  readonly reservation: {
    readonly token_digest: string;
    readonly key_digest: string;
    readonly salt: string;
    readonly expires_at_ms: number;
  };
  readonly node: {
    readonly id: string;
    readonly token_digest: string;
    readonly key_digest: string;
    readonly salt: string;
    readonly role: string;
    readonly serial: string;
    readonly not_after_ms: number;
    readonly revoked_at_ms: number | null;
    readonly revoked_reason: string | null;
  };
  readonly subject: { readonly subject: string; readonly secret_hash: string; readonly scopes: string };
  readonly audit: {
    readonly id: Generated<number>;
    readonly at_ms: number;
    readonly event: string;
    readonly actor: string;
    readonly object: string;
    readonly detail: string;
  };
}

/** From nothing to `AuthSchema`. */
export const authMigrations: Migrations = {
  '001_first': {
    up: async ({ schema }) => {
      await schema
        .createTable('enrolment_token')
        .addColumn('digest', 'text', (column) => column.primaryKey())
        .addColumn('label', 'text', (column) => column.notNull())
        .addColumn('roles', 'text', (column) => column.notNull())
        .addColumn('uses_left', 'integer', (column) => column.notNull().check(sql`uses_left >= 0`))
        .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
        .execute();
      await schema
        .createTable('reservation')
        .addColumn('token_digest', 'text', (column) => column.notNull())
        .addColumn('key_digest', 'text', (column) => column.notNull())
        .addColumn('salt', 'text', (column) => column.notNull())
        .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('reservation_key', ['token_digest', 'key_digest'])
        .execute();
      await schema
        .createTable('node')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('token_digest', 'text', (column) => column.notNull())
        .addColumn('key_digest', 'text', (column) => column.notNull())
        .addColumn('salt', 'text', (column) => column.notNull())
        .addColumn('role', 'text', (column) => column.notNull())
        .addColumn('serial', 'text', (column) => column.notNull())
        .addColumn('not_after_ms', 'bigint', (column) => column.notNull())
        .addColumn('revoked_at_ms', 'bigint')
        .addColumn('revoked_reason', 'text')
        .execute();
      await schema.createIndex('node_by_key').on('node').columns(['token_digest', 'key_digest']).execute();
      await schema
        .createTable('subject')
        .addColumn('subject', 'text', (column) => column.primaryKey())
        .addColumn('secret_hash', 'text', (column) => column.notNull())
        .addColumn('scopes', 'text', (column) => column.notNull())
        .execute();
      await schema
        .createTable('audit')
        .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
        .addColumn('at_ms', 'bigint', (column) => column.notNull())
        .addColumn('event', 'text', (column) => column.notNull())
        .addColumn('actor', 'text', (column) => column.notNull())
        .addColumn('object', 'text', (column) => column.notNull())
        .addColumn('detail', 'text', (column) => column.notNull())
        .execute();
    },
  },
};
