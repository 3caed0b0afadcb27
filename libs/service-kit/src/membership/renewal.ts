import { isValidAt, renew, renewalTime, type Credentials, type IdentityStore } from '@banyan/identity';
import type { Logger } from '@banyan/telemetry';
import { withRenewalClient } from './auth-calls.ts';

/** How often the time of renewal is looked at, ms: a certificate lives 30 days, so an hour more does not matter. */
const LOOK_EVERY_MS = 3_600_000;

/** What a renewal needs. */
export interface RenewalOptions {
  /** What the member is now. */
  current(): Credentials;
  readonly store: IdentityStore;
  /** Peer address of auth. */
  readonly authPeerAddress: string;
  readonly addresses: readonly string[];
  readonly logger: Logger;
  /** Told the new credentials. */
  renewed(credentials: Credentials): void;
}

/** A certificate that is kept fresh. */
export interface Renewals {
  /** Looks now whether it is due; never rejects. */
  look(): Promise<void>;
  stop(): void;
}

/**
 * Keeps a certificate fresh: asks for a new one from half of its life on, and again every hour while auth does not
 * answer. Nothing else depends on it: a node whose certificate lives goes on without auth.
 */
export function keepRenewed(options: RenewalOptions): Renewals {
  const look = async (): Promise<void> => {
    const current = options.current();
    if (Date.now() < renewalTime(current.identity)) return;
    try {
      options.renewed(await renewOnce(current, options));
    } catch (error) {
      const level = isValidAt(current.identity, Date.now()) ? 'warn' : 'error';
      options.logger[level]({ event: 'renewal_failed', notAfter: new Date(current.identity.notAfter).toISOString(), error: String(error) });
    }
  };
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  void look();
  return { look, stop: () => clearInterval(timer) };
}

/** One renewal, kept on disk. Rejects with OverlayError, or EnrolmentError when the answer is not what was asked for. */
export async function renewOnce(current: Credentials, options: RenewalOptions): Promise<Credentials> {
  const renewed = await withRenewalClient(options.authPeerAddress, current, (client) => renew(current, options.addresses, client));
  await options.store.save(renewed);
  options.logger.info({ event: 'certificate_renewed', id: renewed.identity.id, notAfter: new Date(renewed.identity.notAfter).toISOString() });
  return renewed;
}
