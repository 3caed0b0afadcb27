import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { openDatabase, type Database } from '@banyan/database';
import { mutualTlsServerCredentials, tlsServerCredentials } from '@banyan/grpc';
import { createTokenVerifier, fixedTokenKeys } from '@banyan/identity';
import { auth } from '@banyan/proto';
import { splitAddress, type PreparedService, type ServiceContext, type ServiceDefinition } from '@banyan/service-kit';
import { AUTH_METRICS } from '@banyan/telemetry';
import { authSchema, type AuthConfig } from './auth.config.ts';
import { AuthModule } from './auth.module.ts';
import { openAuthority } from './authority-files.ts';
import { CountedAuditLog } from './counted-audit-log.ts';
import { EnrolmentTokens } from './enrolling/enrolment-tokens.ts';
import { Subjects } from './issuing/subjects.ts';
import { JWKS_PATH } from './jwks.controller.ts';
import { OwnCertificates } from './own-certificates.ts';
import { authMigrations, type AuthSchema } from './storing/auth-schema.ts';
import type { AuditLog } from './storing/audit-log.ts';
import { SqlAuditLog } from './storing/sql-audit-log.ts';
import { SqlEnrolmentStore } from './storing/sql-enrolment-store.ts';
import { SqlSubjectStore } from './storing/sql-subject-store.ts';

/** The auth service: the overlay's authority, who may be a member, and who may do what. */
export const authService: ServiceDefinition<typeof authSchema> = { service: 'auth', schema: authSchema, prepare };

async function prepare(context: ServiceContext<AuthConfig>): Promise<PreparedService> {
  const { config, logger } = context;
  const metrics = context.metrics.register(AUTH_METRICS);
  const now = Date.now;
  const { authority, signer, isNew } = await openAuthority(config.authorityDir ?? config.dataDir, config.authorityFile ?? join(config.dataDir, 'ca.pem'), now());
  if (isNew) logger.info({ event: 'authority_created' });
  const database = await openDatabase<AuthSchema>({
    url: config.databaseUrl,
    file: join(config.dataDir, 'auth.sqlite'),
    service: 'auth',
    migrations: authMigrations,
    onIdleError: (error) => logger.warn({ event: 'database_lost', error: error.message }),
  });
  const audit = new CountedAuditLog(new SqlAuditLog(database), metrics);
  if (isNew) await audit.append({ at: now(), event: 'authority_created', actor: 'config', object: 'authority', detail: '' });
  await putInitial(config, database, audit);
  const ownCertificates = await OwnCertificates.issue(authority, signer, addressesOf(config), now());
  const [api, peer] = [tlsServerCredentials(ownCertificates.server), mutualTlsServerCredentials(ownCertificates.server, authority.pem)];
  const authorityExpiresAt = new X509Certificate(authority.pem).validToDate.getTime();
  ownCertificates.keepFresh([api, peer]);
  context.running.onReload(() => ownCertificates.look([api, peer]));
  return {
    module: AuthModule.of({ authority, signer, ownCertificates, database, audit, metrics, now }),
    tokenVerifier: createTokenVerifier(fixedTokenKeys(ownCertificates.keySet, authority.pem)),
    certificatesExpire: () => ({ ...ownCertificates.expire, authority: authorityExpiresAt }),
    pages: { jwks: JWKS_PATH },
    listeners: [
      { name: 'api', listen: config.apiListen, credentials: api, services: [auth.AuthServiceService], hasReflection: true },
      { name: 'peer', listen: config.peerListen, credentials: peer, services: [auth.AuthServiceService], hasReflection: false },
    ],
  };
}

async function putInitial(config: AuthConfig, database: Database<AuthSchema>, audit: AuditLog): Promise<void> {
  await new EnrolmentTokens(new SqlEnrolmentStore(database), audit, Date.now).putInitial(config.initialEnrolmentToken);
  if (config.initialAdminSecret !== undefined) await new Subjects(new SqlSubjectStore(database), audit, Date.now).putAdmin(config.initialAdminSecret);
}

// Names under which others may dial: where it listens, where it says it is, and this host's own.
function addressesOf(config: AuthConfig): readonly string[] {
  const hosts = [splitAddress(config.apiListen).host, splitAddress(config.peerListen).host, config.advertisedHost ?? 'localhost', 'localhost', '127.0.0.1', '::1'];
  return [...new Set(hosts)].filter((host) => host !== '0.0.0.0' && host !== '::');
}
