import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { assertAuthority, OverlayError } from '@banyan/grpc';
import { enroll, isValidAt, type Credentials, type EnrolledRole, type IdentityStore } from '@banyan/identity';
import type { Logger } from '@banyan/telemetry';
import { withEnrolmentClient } from './auth-calls.ts';
import type { MemberSettings } from './member-settings.ts';

/** Pause between attempts to reach auth, ms: it grows by half to the greatest. */
const RETRY_MS = 200;
const RETRY_MS_MAX = 5_000;
/** How long the file of the authority may be missing: auth writes it at its first start. */
const AUTHORITY_WAIT_MS = 30_000;

/** Who wants to become, or already is, a member. */
export interface EnrolmentOptions {
  readonly settings: MemberSettings;
  readonly store: IdentityStore;
  readonly role: EnrolledRole;
  /** DNS names and IP addresses where the process listens. */
  readonly addresses: readonly string[];
  readonly logger: Logger;
  /** Ends the wait for auth. */
  readonly signal: AbortSignal;
}

/**
 * The credentials of this process: those on disk while they are valid, else it enrolls with auth and keeps what it
 * gets. Waits, and says so, while auth is not reachable. Rejects with OverlayError when auth refuses, or with the
 * reason of `signal`.
 */
export async function enrolIdentity(options: EnrolmentOptions): Promise<Credentials> {
  const { settings, store, role, addresses, logger } = options;
  const authority = await readAuthority(options);
  assertAuthority(authority);
  const kept = await store.credentials(authority);
  if (kept !== undefined && kept.identity.role === role && isValidAt(kept.identity, Date.now())) return kept;
  const { enrolmentToken } = settings;
  if (enrolmentToken === undefined) throw new OverlayError('ENROLMENT_TOKEN_INVALID', 'this process has no certificate yet and no enrolment token: give --enrolment-token');
  const privateKey = await store.privateKey();
  const order = { privateKey, enrolmentToken, role, addresses, authority };
  const credentials = await untilReachable(options, () => withEnrolmentClient(settings.authAddress, authority, (client) => enroll(order, client)));
  await store.save(credentials);
  logger.info({ event: 'enrolled', id: credentials.identity.id, role, notAfter: new Date(credentials.identity.notAfter).toISOString() });
  return credentials;
}

async function readAuthority({ settings, logger, signal }: EnrolmentOptions): Promise<string> {
  const path = settings.authorityFile;
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      return await readFile(path, { encoding: 'utf8', signal });
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isMissing || waitedMs >= AUTHORITY_WAIT_MS) throw signal.aborted ? error : new OverlayError('FILE_NOT_FOUND', `the certificate of the authority cannot be read from ${path}`, { path }, { cause: error });
      if (waitedMs === 0) logger.info({ event: 'authority_awaited', path });
    }
    await pause(RETRY_MS, undefined, { signal });
  }
}

async function untilReachable<Result>({ settings, logger, signal }: EnrolmentOptions, attempt: () => Promise<Result>): Promise<Result> {
  for (let retryMs = RETRY_MS; ; retryMs = Math.min(retryMs * 1.5, RETRY_MS_MAX)) {
    try {
      return await attempt();
    } catch (error) {
      const isAway = error instanceof OverlayError && (error.reason === 'UNREACHABLE' || error.reason === 'TIMEOUT');
      if (!isAway) throw error;
      logger.warn({ event: 'auth_awaited', reason: 'AUTH_UNREACHABLE', address: settings.authAddress, retryMs }, error.message);
    }
    await pause(retryMs, undefined, { signal });
  }
}
