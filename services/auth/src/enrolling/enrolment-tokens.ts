import type { EnrolledRole } from '@banyan/identity';
import { ENROLLED_ROLES } from '@banyan/identity';
import type { AuditLog } from '../storing/audit-log.ts';
import type { EnrolmentStore } from '../storing/enrolment-store.ts';
import { digestOf, drawEnrolmentToken } from './enrolment-token.ts';

/** Ids one token enrolls at most. */
export const ENROLMENT_USES_MAX = 1_000_000;
/** How long a token may be used at most, seconds: a year. */
export const ENROLMENT_TTL_SECONDS_MAX = 365 * 24 * 3_600;

// The token from the configuration lasts as long as it stands there; it is put anew at every start.
const INITIAL_LIFETIME_MS = 10 * 365 * 24 * 3_600_000;
const INITIAL = 'initial';

/** Makes the tokens that let members in. */
export class EnrolmentTokens {
  constructor(
    private readonly store: EnrolmentStore,
    private readonly audit: AuditLog,
    private readonly now: () => number,
  ) {}

  /** A new token; its text is told here and kept nowhere. */
  async create(order: { readonly actor: string; readonly uses: number; readonly ttlSeconds: number; readonly roles: readonly EnrolledRole[] }): Promise<string> {
    const { actor, uses, ttlSeconds, roles } = order;
    const token = drawEnrolmentToken();
    const now = this.now();
    await this.store.putToken({ digest: digestOf(token), label: actor, roles, usesLeft: uses, expiresAt: now + ttlSeconds * 1_000 }, now);
    const detail = `${uses} uses, ${ttlSeconds} s, ${roles.join(' ')}`;
    await this.audit.append({ at: now, event: 'enrolment_token_created', actor, object: digestOf(token).slice(0, 12), detail });
    return token;
  }

  /** Takes the shared token of the configuration for every role, or none, and forgets the one that stood there before. */
  async putInitial(token: string | undefined): Promise<void> {
    const digest = token === undefined ? '' : digestOf(token);
    await this.store.dropTokensLabelled(INITIAL, digest);
    if (token === undefined) return;
    const now = this.now();
    const uses = (await this.store.findToken(digest))?.usesLeft ?? ENROLMENT_USES_MAX;
    await this.store.putToken({ digest, label: INITIAL, roles: ENROLLED_ROLES, usesLeft: uses, expiresAt: now + INITIAL_LIFETIME_MS }, now);
  }
}
