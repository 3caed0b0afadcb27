import type { Database } from '@banyan/database';
import type { AuthSchema } from './auth-schema.ts';
import type { SubjectRecord, SubjectStore } from './subject-store.ts';

/** The subject store in any database behind kysely. */
export class SqlSubjectStore implements SubjectStore {
  constructor(private readonly database: Database<AuthSchema>) {}

  async put({ subject, secretHash, scopes }: SubjectRecord): Promise<void> {
    const row = { secret_hash: secretHash, scopes: scopes.join(' ') };
    await this.database.query
      .insertInto('subject')
      .values({ subject, ...row })
      .onConflict((conflict) => conflict.column('subject').doUpdateSet(row))
      .execute();
  }

  async find(subject: string): Promise<SubjectRecord | undefined> {
    const row = await this.database.query.selectFrom('subject').selectAll().where('subject', '=', subject).executeTakeFirst();
    return row === undefined ? undefined : { subject, secretHash: row.secret_hash, scopes: row.scopes.split(' ').filter((scope) => scope !== '') };
  }

  async remove(subject: string): Promise<boolean> {
    const { numDeletedRows } = await this.database.query.deleteFrom('subject').where('subject', '=', subject).executeTakeFirst();
    return numDeletedRows === 1n;
  }
}
