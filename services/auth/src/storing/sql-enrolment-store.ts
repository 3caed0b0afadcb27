import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Database } from '@banyan/database';
import { id, type Id } from '@banyan/ids';
import { isEnrolledRole } from '@banyan/identity';
import type { AuthSchema } from './auth-schema.ts';
import { RESERVATIONS_MAX, type EnrolmentStore, type EnrolmentTokenRecord, type NodeRecord, type Reservation, type ReservationOutcome } from './enrolment-store.ts';

type Query = Kysely<AuthSchema> | Transaction<AuthSchema>;

/** The enrolment store in any database behind kysely. */
export class SqlEnrolmentStore implements EnrolmentStore {
  constructor(
    private readonly database: Database<AuthSchema>,
    private readonly reservationsMax: number = RESERVATIONS_MAX,
  ) {}

  putToken(token: EnrolmentTokenRecord, now: number): Promise<void> {
    const row = { label: token.label, roles: token.roles.join(' '), uses_left: token.usesLeft, expires_at_ms: token.expiresAt };
    return this.database.transaction(async (query) => {
      await query.deleteFrom('enrolment_token').where('expires_at_ms', '<=', now).execute();
      await query
        .insertInto('enrolment_token')
        .values({ digest: token.digest, ...row })
        .onConflict((conflict) => conflict.column('digest').doUpdateSet(row))
        .execute();
    });
  }

  async dropTokensLabelled(label: string, exceptDigest: string): Promise<void> {
    await this.database.query.deleteFrom('enrolment_token').where('label', '=', label).where('digest', '!=', exceptDigest).execute();
  }

  async findToken(digest: string): Promise<EnrolmentTokenRecord | undefined> {
    const row = await this.database.query.selectFrom('enrolment_token').selectAll().where('digest', '=', digest).executeTakeFirst();
    if (row === undefined) return undefined;
    const roles = row.roles.split(' ').filter(isEnrolledRole);
    return { digest, label: row.label, roles, usesLeft: row.uses_left, expiresAt: row.expires_at_ms };
  }

  reserve(offered: Reservation, now: number): Promise<ReservationOutcome> {
    return this.database.transaction(async (query) => {
      await giveBackExpired(query, now);
      const salt = await knownSalt(query, offered, now);
      if (salt !== undefined) return { type: 'reserved', salt };
      if ((await countReservations(query)) >= this.reservationsMax) return { type: 'too-many' };
      if (!(await useOnce(query, offered.tokenDigest))) return { type: 'used-up' };
      await query
        .insertInto('reservation')
        .values({ token_digest: offered.tokenDigest, key_digest: offered.keyDigest, salt: offered.salt, expires_at_ms: offered.expiresAt })
        .execute();
      return { type: 'reserved', salt: offered.salt };
    });
  }

  findSalt(tokenDigest: string, keyDigest: string, now: number): Promise<string | undefined> {
    return knownSalt(this.database.query, { tokenDigest, keyDigest }, now);
  }

  admit(node: NodeRecord): Promise<void> {
    return this.database.transaction(async (query) => {
      const { id: nodeId, ...row } = toRow(node);
      await query
        .insertInto('node')
        .values({ id: nodeId, ...row, revoked_reason: null })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
      await query.deleteFrom('reservation').where('token_digest', '=', node.tokenDigest).where('key_digest', '=', node.keyDigest).execute();
    });
  }

  async findNode(nodeId: Id): Promise<NodeRecord | undefined> {
    const row = await this.database.query.selectFrom('node').selectAll().where('id', '=', nodeId).executeTakeFirst();
    return row === undefined ? undefined : toRecord(row);
  }

  async renew(nodeId: Id, certificate: { readonly serial: string; readonly notAfter: number }): Promise<boolean> {
    const { numUpdatedRows } = await this.database.query
      .updateTable('node')
      .set({ serial: certificate.serial, not_after_ms: certificate.notAfter })
      .where('id', '=', nodeId)
      .where('revoked_at_ms', 'is', null)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  revoke(nodeId: Id, revocation: { readonly at: number; readonly reason: string }): Promise<boolean> {
    return this.database.transaction(async (query) => {
      await query
        .updateTable('node')
        .set({ revoked_at_ms: revocation.at, revoked_reason: revocation.reason })
        .where('id', '=', nodeId)
        .where('revoked_at_ms', 'is', null)
        .execute();
      return (await query.selectFrom('node').select('id').where('id', '=', nodeId).executeTakeFirst()) !== undefined;
    });
  }

  async listRevoked(now: number): Promise<readonly Id[]> {
    const rows = await this.database.query
      .selectFrom('node')
      .select('id')
      .where('revoked_at_ms', 'is not', null)
      .where('not_after_ms', '>', now)
      .orderBy('id')
      .execute();
    return rows.map((row) => id(row.id));
  }
}

async function giveBackExpired(query: Query, now: number): Promise<void> {
  const expired = await query
    .selectFrom('reservation')
    .select(['token_digest', (e) => e.fn.countAll<number>().as('count')])
    .where('expires_at_ms', '<=', now)
    .groupBy('token_digest')
    .execute();
  for (const { token_digest, count } of expired) {
    const uses = Number(count);
    await query.updateTable('enrolment_token').set((e) => ({ uses_left: e('uses_left', '+', uses) })).where('digest', '=', token_digest).execute();
  }
  await query.deleteFrom('reservation').where('expires_at_ms', '<=', now).execute();
}

type KeyUnderToken = Pick<Reservation, 'tokenDigest' | 'keyDigest'>;

async function knownSalt(query: Query, { tokenDigest, keyDigest }: KeyUnderToken, now: number): Promise<string | undefined> {
  const node = await query.selectFrom('node').select('salt').where('token_digest', '=', tokenDigest).where('key_digest', '=', keyDigest).executeTakeFirst();
  if (node !== undefined) return node.salt;
  const reservation = await query
    .selectFrom('reservation')
    .select('salt')
    .where('token_digest', '=', tokenDigest)
    .where('key_digest', '=', keyDigest)
    .where('expires_at_ms', '>', now)
    .executeTakeFirst();
  return reservation?.salt;
}

async function countReservations(query: Query): Promise<number> {
  const { count } = await query.selectFrom('reservation').select((e) => e.fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
  return Number(count);
}

// The guard stands in the update itself, so two who ask at once cannot both take the last use.
async function useOnce(query: Query, digest: string): Promise<boolean> {
  const { numUpdatedRows } = await query
    .updateTable('enrolment_token')
    .set((e) => ({ uses_left: e('uses_left', '-', 1) }))
    .where('digest', '=', digest)
    .where('uses_left', '>', 0)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

function toRow(node: NodeRecord) {
  return {
    id: node.id,
    token_digest: node.tokenDigest,
    key_digest: node.keyDigest,
    salt: node.salt,
    role: node.role,
    serial: node.serial,
    not_after_ms: node.notAfter,
    revoked_at_ms: node.revokedAt ?? null,
  };
}

function toRecord(row: Selectable<AuthSchema['node']>): NodeRecord {
  return {
    id: id(row.id),
    tokenDigest: row.token_digest,
    keyDigest: row.key_digest,
    salt: row.salt,
    role: isEnrolledRole(row.role) ? row.role : 'node',
    serial: row.serial,
    notAfter: row.not_after_ms,
    revokedAt: row.revoked_at_ms ?? undefined,
  };
}
