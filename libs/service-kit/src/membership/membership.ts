import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { mutualTlsServerCredentials, tlsServerCredentials, type RenewableServerCredentials } from '@banyan/grpc';
import type { Id } from '@banyan/ids';
import { createTokenVerifier, IdentityStore, isValidAt, TokenKeyCache, type Credentials, type EnrolledRole, type PeerIdentity, type TokenVerifier } from '@banyan/identity';
import { auth } from '@banyan/proto';
import type { CertificateExpiries, ServiceContext } from '../service-definition.ts';
import { splitAddress, type ServiceSettings } from '../service-settings.ts';
import { enrolIdentity } from './enrol-identity.ts';
import type { MemberSettings } from './member-settings.ts';
import { PeerService } from './peer-service.ts';
import { keepRenewed } from './renewal.ts';
import { Revocations } from './revocations.ts';

/** File in the data directory with the last good keys of tokens. */
const TOKEN_KEYS_FILE = 'token-keys.json';
const WILDCARDS: readonly string[] = ['0.0.0.0', '::'];

/** A process that is a member of the overlay. */
export interface Membership {
  /** What it is now; renewed credentials replace it. */
  readonly credentials: Credentials;
  readonly store: IdentityStore;
  /** Verifies client tokens by the keys that auth publishes, from disk while auth is down. */
  readonly tokenVerifier: TokenVerifier;
  /** TLS for listeners whose callers bring tokens. */
  readonly apiCredentials: RenewableServerCredentials;
  /** Mutual TLS for listeners of peers. */
  readonly peerCredentials: RenewableServerCredentials;
  /** Calls `watcher` with every renewed certificate. */
  onRenewed(watcher: (credentials: Credentials) => void): void;
  /** True when auth said that this member's certificate was ended before its time. Without a peer address of auth nobody's is. */
  isRevoked(peer: PeerIdentity): boolean;
  /** Calls `watcher` with the ids of all revoked certificates whenever there are more. */
  onRevoked(watcher: (revoked: ReadonlySet<Id>) => void): void;
  /** When its certificates expire, wall ms. */
  readonly certificatesExpire: () => CertificateExpiries;
  /** Stops renewing, and asking who was revoked. */
  close(): void;
}

/** Makes a process a member: enrolled (or known from before), renewing, able to verify tokens. `listens` are its listeners' settings. */
export async function becomeMember(context: ServiceContext<ServiceSettings & MemberSettings>, role: EnrolledRole, listens: readonly string[]): Promise<Membership> {
  const { config, logger, signal } = context;
  const store = await IdentityStore.open(config.dataDir);
  const addresses = certificateAddresses([config.advertisedHost ?? [], config.certificateHosts].flat(), listens);
  let credentials = await enrolIdentity({ settings: config, store, role, addresses, logger, signal });
  const keys = await TokenKeyCache.open({ url: config.jwksUrl, file: join(config.dataDir, TOKEN_KEYS_FILE), authority: credentials.authority, now: () => performance.now() });
  void keys.refresh(); // now, not at the first token: auth may be down by then
  const apiCredentials = tlsServerCredentials(credentials);
  const peerCredentials = mutualTlsServerCredentials(credentials, credentials.authority);
  const watchers: ((credentials: Credentials) => void)[] = [(renewed) => apiCredentials.renew(renewed), (renewed) => peerCredentials.renew(renewed)];
  const renewed = (next: Credentials): void => {
    credentials = next;
    for (const watcher of watchers) watcher(next);
  };
  const member = {
    get credentials() {
      return credentials;
    },
    onRenewed: (watcher: (credentials: Credentials) => void) => void watchers.push(watcher),
  };
  const { authPeerAddress } = config;
  const renewals = authPeerAddress === undefined ? undefined : keepRenewed({ current: () => credentials, store, authPeerAddress, addresses, logger, renewed });
  const revocations = authPeerAddress === undefined ? undefined : new Revocations(new PeerService(auth.AuthServiceClient, authPeerAddress, 'auth', member), config.revocationLookMs);
  const authorityExpiresAt = new X509Certificate(credentials.authority).validToDate.getTime();
  context.running.onReload(async ({ revocationLookMs }) => {
    revocations?.lookEvery(revocationLookMs);
    const kept = await store.credentials(credentials.authority);
    if (kept !== undefined && kept.certificate !== credentials.certificate && kept.identity.id === credentials.identity.id && isValidAt(kept.identity, Date.now())) {
      logger.info({ event: 'certificate_reloaded', id: kept.identity.id, notAfter: new Date(kept.identity.notAfter).toISOString() });
      renewed(kept);
    }
    await renewals?.look();
  });
  return {
    get credentials() {
      return credentials;
    },
    certificatesExpire: () => ({ own: credentials.identity.notAfter, authority: authorityExpiresAt }),
    store,
    tokenVerifier: createTokenVerifier(keys),
    apiCredentials,
    peerCredentials,
    onRenewed: member.onRenewed,
    isRevoked: (peer) => revocations?.isRevoked(peer) ?? false,
    onRevoked: (watcher) => revocations?.onRevoked(watcher),
    close() {
      renewals?.stop();
      revocations?.close();
    },
  };
}

/** What a certificate names so that every caller of these listeners finds the host he dialled in it. */
function certificateAddresses(own: readonly string[], listens: readonly string[]): readonly string[] {
  const hosts = listens.map((listen) => splitAddress(listen).host).filter((host) => !WILDCARDS.includes(host));
  return [...new Set([...own, ...hosts, 'localhost', '127.0.0.1'])];
}
