// Auth without listeners, over a database in memory and a clock that the spec moves.
import { openSqlite, type Database } from '@banyan/database';
import {
  CertificateAuthority,
  generateNodeKey,
  generateTokenKey,
  makeCertificateRequest,
  provePossession,
  publicKeyToSpki,
  TokenSigner,
} from '@banyan/identity';
import { EnrolmentTokens } from '../enrolling/enrolment-tokens.ts';
import { Enrolments, type EnrolledCertificate, type EnrolmentRequest } from '../enrolling/enrolments.ts';
import { Memberships } from '../enrolling/memberships.ts';
import { ClientTokens } from '../issuing/client-tokens.ts';
import { Subjects } from '../issuing/subjects.ts';
import { authMigrations, type AuthSchema } from '../storing/auth-schema.ts';
import { SqlAuditLog } from '../storing/sql-audit-log.ts';
import { SqlEnrolmentStore } from '../storing/sql-enrolment-store.ts';
import { SqlSubjectStore } from '../storing/sql-subject-store.ts';

/** Secrets checked at once at most: hashes are dear, also to specs. */
const CHECKS_MAX = 2;

export class AuthWorld {
  now = Date.UTC(2026, 10, 22);
  readonly audit: SqlAuditLog;
  readonly enrolments: Enrolments;
  readonly memberships: Memberships;
  readonly enrolmentTokens: EnrolmentTokens;
  readonly clientTokens: ClientTokens;
  readonly subjects: Subjects;

  private constructor(
    readonly authority: CertificateAuthority,
    readonly signer: TokenSigner,
    readonly database: Database<AuthSchema>,
  ) {
    const clock = (): number => this.now;
    const [enrolmentStore, subjectStore] = [new SqlEnrolmentStore(database), new SqlSubjectStore(database)];
    this.audit = new SqlAuditLog(database);
    this.enrolments = new Enrolments(authority, enrolmentStore, this.audit, clock);
    this.memberships = new Memberships(authority, enrolmentStore, this.audit, clock);
    this.enrolmentTokens = new EnrolmentTokens(enrolmentStore, this.audit, clock);
    this.clientTokens = new ClientTokens(signer, subjectStore, this.audit, clock, CHECKS_MAX);
    this.subjects = new Subjects(subjectStore, this.audit, clock);
  }

  static async create(): Promise<AuthWorld> {
    const authority = await CertificateAuthority.create(Date.UTC(2026, 10, 22));
    return new AuthWorld(authority, await TokenSigner.create(generateTokenKey()), await openSqlite<AuthSchema>(':memory:', authMigrations));
  }

  /** An enrolment token by `admin`. */
  token(uses = 1, ttlSeconds = 60): Promise<string> {
    return this.enrolmentTokens.create({ actor: 'admin', uses, ttlSeconds, roles: ['node'] });
  }

  /** What a newcomer with `key` sends second, honest but for `lies`. */
  async request(enrolmentToken: string, key = generateNodeKey(), lies: Partial<EnrolmentRequest> = {}): Promise<EnrolmentRequest> {
    const { salt } = await this.enrolments.begin(enrolmentToken, publicKeyToSpki(key));
    const certificateRequest = await makeCertificateRequest(key);
    return { enrolmentToken, certificateRequest, salt, possession: provePossession(key, salt), addresses: ['localhost'], role: 'node', ...lies };
  }

  /** A newcomer, enrolled. */
  async enroll(enrolmentToken: string, key = generateNodeKey()): Promise<EnrolledCertificate> {
    return this.enrolments.enroll(await this.request(enrolmentToken, key));
  }
}

/** The reason that a promise is refused with. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'was not refused',
    (error: unknown) => (error as { readonly reason?: unknown }).reason ?? error,
  );
}
