import { OverlayError } from '@banyan/grpc';
import { isScope, scopeCovers, SCOPES_MAX, TOKEN_LIFETIME_MAX_MS, type IssuedToken, type TokenSigner } from '@banyan/identity';
import type { AuditLog } from '../storing/audit-log.ts';
import type { SubjectStore } from '../storing/subject-store.ts';
import { matchesSecret, NOBODY } from './secret-hash.ts';

/** How long a token lives when nobody says, ms. */
export const TOKEN_LIFETIME_MS = 3_600_000;

// A hash takes 46 MiB and some 50 ms of one core: so few at once, and a short queue, whoever asks.
const CHECKS_MAX = 16;
const RETRY_AFTER_MS = 1_000;

/** What a client asks for. */
export interface TokenRequest {
  readonly subject: string;
  readonly secret: string;
  readonly scopes: readonly string[];
  /** 0 means an hour. */
  readonly lifetimeMs: number;
}

/** Issues client tokens to subjects that know their secret. */
export class ClientTokens {
  #checks = 0;

  constructor(
    private readonly signer: TokenSigner,
    private readonly subjects: SubjectStore,
    private readonly audit: AuditLog,
    private readonly now: () => number,
    private readonly checksMax: number = CHECKS_MAX,
  ) {}

  /** Throws REQUEST_INVALID, CLIENT_SECRET_INVALID, SCOPE_NOT_ALLOWED, BUSY. */
  async issue(request: TokenRequest): Promise<IssuedToken> {
    checkForm(request);
    const { subject, secret, scopes, lifetimeMs } = request;
    const known = await this.subjects.find(subject);
    if (!(await this.#matches(secret, known?.secretHash ?? NOBODY))) {
      // An unknown name is not noted as it came: it may be a secret typed into the wrong field.
      await this.#note('token_refused', known === undefined ? 'unknown' : subject, 'wrong secret');
      throw new OverlayError('CLIENT_SECRET_INVALID', 'the subject is unknown or the secret is wrong');
    }
    const refused = scopes.find((scope) => !scopeCovers(known?.scopes ?? [], scope));
    if (refused !== undefined) {
      await this.#note('token_refused', subject, `scope ${refused}`);
      throw new OverlayError('SCOPE_NOT_ALLOWED', `the subject ${subject} may not have the scope ${refused}`, { scope: refused });
    }
    const issued = await this.signer.sign({ subject, scopes, now: this.now(), lifetimeMs: lifetimeMs === 0 ? TOKEN_LIFETIME_MS : lifetimeMs });
    await this.#note('token_issued', subject, `${issued.claims.tokenId} ${scopes.join(' ')}`);
    return issued;
  }

  async #matches(secret: string, kept: string): Promise<boolean> {
    if (this.#checks >= this.checksMax) throw new OverlayError('BUSY', 'too many tokens are asked for at once', {}, { retryAfterMs: RETRY_AFTER_MS });
    this.#checks += 1;
    try {
      return await matchesSecret(secret, kept);
    } finally {
      this.#checks -= 1;
    }
  }

  #note(event: 'token_issued' | 'token_refused', subject: string, detail: string): Promise<void> {
    return this.audit.append({ at: this.now(), event, actor: subject, object: subject, detail });
  }
}

function checkForm({ scopes, lifetimeMs }: TokenRequest): void {
  if (scopes.length === 0 || scopes.length > SCOPES_MAX) throw invalid('scopes', `a token has 1 to ${SCOPES_MAX} scopes, not ${scopes.length}`);
  const wrong = scopes.find((scope) => !isScope(scope));
  if (wrong !== undefined) throw invalid('scopes', `'${wrong.slice(0, 80)}' is no scope`);
  if (lifetimeMs > TOKEN_LIFETIME_MAX_MS) throw invalid('ttl_seconds', 'a token lives at most 86400 seconds');
}

function invalid(field: string, message: string): OverlayError {
  return new OverlayError('REQUEST_INVALID', `${field}: ${message}`, { field });
}
