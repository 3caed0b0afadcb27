import type { Database } from '@banyan/database';
import { AUDIT_ENTRIES_MAX, type AuditEntry, type AuditEvent, type AuditLog } from './audit-log.ts';
import type { AuthSchema } from './auth-schema.ts';

/** The audit log in any database behind kysely. */
export class SqlAuditLog implements AuditLog {
  constructor(
    private readonly database: Database<AuthSchema>,
    private readonly entriesMax: number = AUDIT_ENTRIES_MAX,
  ) {}

  append(entry: AuditEntry): Promise<void> {
    return this.database.transaction(async (query) => {
      const { at, ...row } = entry;
      const { id } = await query.insertInto('audit').values({ at_ms: at, ...row }).returning('id').executeTakeFirstOrThrow();
      await query.deleteFrom('audit').where('id', '<=', id - this.entriesMax).execute();
    });
  }

  async newest(limit: number): Promise<readonly AuditEntry[]> {
    const rows = await this.database.query.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit).execute();
    return rows.map(({ at_ms, event, actor, object, detail }) => ({ at: at_ms, event: event as AuditEvent, actor, object, detail }));
  }
}
