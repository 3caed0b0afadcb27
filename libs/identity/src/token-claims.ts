/** What a token says about its bearer. */
export interface TokenClaims {
  /** Who: the owner part of group names, the name in publisher and subscriber lists. */
  readonly subject: string;
  /** What for; see `scopeAllows`. */
  readonly scopes: readonly string[];
  /** Wall ms of issue; whole seconds. */
  readonly issuedAt: number;
  /** Wall ms from which it is void; whole seconds. */
  readonly expiresAt: number;
  /** Which token it is (`jti`), for the audit log. */
  readonly tokenId: string;
}

/** Who issues tokens (`iss`). */
export const TOKEN_ISSUER = 'banyan';
/** The one algorithm of tokens: Ed25519 (RFC 8037). No other is ever accepted. */
export const TOKEN_ALGORITHM = 'EdDSA';
/** How long a token lives at most: 24 h. */
export const TOKEN_LIFETIME_MAX_MS = 24 * 3_600_000;
