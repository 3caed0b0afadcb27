import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { Database } from '@banyan/database';
import { CertificateAuthority, type TokenSigner } from '@banyan/identity';
import type { AUTH_METRICS, Metrics } from '@banyan/telemetry';
import { AuthHandler, REFUSALS } from './auth.handler.ts';
import { EnrolmentTokens } from './enrolling/enrolment-tokens.ts';
import { Enrolments } from './enrolling/enrolments.ts';
import { Memberships } from './enrolling/memberships.ts';
import { ClientTokens } from './issuing/client-tokens.ts';
import { Subjects } from './issuing/subjects.ts';
import { JwksController } from './jwks.controller.ts';
import { OwnCertificates } from './own-certificates.ts';
import type { AuthSchema } from './storing/auth-schema.ts';
import type { AuditLog } from './storing/audit-log.ts';
import { SqlEnrolmentStore } from './storing/sql-enrolment-store.ts';
import { SqlSubjectStore } from './storing/sql-subject-store.ts';

/** What auth stands on. */
export interface AuthPorts {
  readonly authority: CertificateAuthority;
  readonly signer: TokenSigner;
  readonly ownCertificates: OwnCertificates;
  readonly database: Database<AuthSchema>;
  readonly audit: AuditLog;
  readonly metrics: Metrics<typeof AUTH_METRICS>;
  /** Wall clock, ms: certificates and tokens are about dates. */
  readonly now: () => number;
}

const DATABASE = Symbol('auth.database');

/** Auth, put together. When the listeners are closed it closes its database and rests. */
@Module({})
export class AuthModule implements OnApplicationShutdown {
  static of(ports: AuthPorts): DynamicModule {
    const { authority, signer, ownCertificates, database, audit, metrics, now } = ports;
    const [enrolmentStore, subjectStore] = [new SqlEnrolmentStore(database), new SqlSubjectStore(database)];
    return {
      module: AuthModule,
      controllers: [AuthHandler, JwksController],
      providers: [
        { provide: DATABASE, useValue: database },
        { provide: CertificateAuthority, useValue: authority },
        { provide: REFUSALS, useValue: metrics.refusals },
        { provide: OwnCertificates, useValue: ownCertificates },
        { provide: Enrolments, useValue: new Enrolments(authority, enrolmentStore, audit, now) },
        { provide: Memberships, useValue: new Memberships(authority, enrolmentStore, audit, now) },
        { provide: EnrolmentTokens, useValue: new EnrolmentTokens(enrolmentStore, audit, now) },
        { provide: ClientTokens, useValue: new ClientTokens(signer, subjectStore, audit, now) },
        { provide: Subjects, useValue: new Subjects(subjectStore, audit, now) },
      ],
    };
  }

  constructor(
    @Inject(DATABASE) private readonly database: Database<AuthSchema>,
    @Inject(OwnCertificates) private readonly ownCertificates: OwnCertificates,
  ) {}

  onApplicationShutdown(): Promise<void> {
    this.ownCertificates.stop();
    return this.database.close();
  }
}
