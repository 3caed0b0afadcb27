import { createHash, type KeyObject } from 'node:crypto';
import { JOSEError } from 'jose/errors';
import { jwtVerify } from 'jose/jwt/verify';
import type { JWTPayload, JWTHeaderParameters } from 'jose';
import { BoundedCache } from './bounded-cache.ts';
import { isSubject } from './names.ts';
import { isScope, SCOPES_MAX } from './scopes.ts';
import { TOKEN_ALGORITHM, TOKEN_ISSUER, type TokenClaims } from './token-claims.ts';
import type { TokenKeySource } from './token-keys.ts';

/** What a verifier says of a token. The codes are reasons of the overlay's error table. */
export type TokenVerdict =
  | { readonly type: 'accepted'; readonly claims: TokenClaims }
  | { readonly type: 'refused'; readonly code: 'TOKEN_INVALID' | 'TOKEN_EXPIRED' | 'AUTH_UNREACHABLE'; readonly message: string };

/** Tells who bears a token, and for what. */
export interface TokenVerifier {
  /** Never rejects because of what the token holds. `now` is wall ms. */
  verify(token: string, now: number): Promise<TokenVerdict>;
}

// One entry is about 1 KiB; a client shows the same token at every call.
const ACCEPTED_MAX = 1_024;
// A token of 64 scopes of full length is shorter.
const TOKEN_LENGTH_MAX = 24_576;

/** A verifier that trusts the keys of `keys`. Signatures are verified once per token, expiry at every look. */
export function createTokenVerifier(keys: TokenKeySource): TokenVerifier {
  const accepted = new BoundedCache<TokenClaims>(ACCEPTED_MAX);
  return {
    async verify(token, now) {
      const digest = createHash('sha256').update(token).digest('base64');
      const earlier = accepted.get(digest);
      if (earlier !== undefined) return verdictOn(earlier, now);
      const claims = await readToken(keys, token);
      if ('type' in claims) return claims;
      const verdict = verdictOn(claims, now);
      if (verdict.type === 'accepted') accepted.set(digest, claims);
      return verdict;
    },
  };
}

function verdictOn(claims: TokenClaims, now: number): TokenVerdict {
  if (now < claims.expiresAt) return { type: 'accepted', claims };
  return { type: 'refused', code: 'TOKEN_EXPIRED', message: `the token expired at ${new Date(claims.expiresAt).toISOString()}` };
}

async function readToken(keys: TokenKeySource, token: string): Promise<TokenClaims | Extract<TokenVerdict, { type: 'refused' }>> {
  if (token.length > TOKEN_LENGTH_MAX) return invalid('the token is longer than any of ours');
  try {
    // Expiry is judged apart, by the caller's clock, so that a cached token is judged alike.
    const { payload } = await jwtVerify(token, (header) => findKey(keys, header), {
      algorithms: [TOKEN_ALGORITHM],
      issuer: TOKEN_ISSUER,
      requiredClaims: ['sub', 'scope', 'exp', 'iat', 'jti'],
      currentDate: new Date(0),
    });
    return claimsOf(payload) ?? invalid('a claim of the token has the wrong form');
  } catch (error) {
    if (error instanceof KeyUnreachable) return { type: 'refused', code: 'AUTH_UNREACHABLE', message: error.message };
    if (error instanceof KeyUnknown) return invalid(error.message);
    if (error instanceof JOSEError) return invalid(WORDS_OF_CODE[error.code] ?? 'the token cannot be read');
    throw error;
  }
}

// What jose found, in words for whoever holds the token.
const WORDS_OF_CODE: Readonly<Record<string, string>> = {
  ERR_JWS_INVALID: 'the token is no JWT',
  ERR_JWT_INVALID: 'the token is no JWT',
  ERR_JOSE_ALG_NOT_ALLOWED: `the token is not signed with ${TOKEN_ALGORITHM}`,
  ERR_JOSE_NOT_SUPPORTED: `the token is not signed with ${TOKEN_ALGORITHM}`,
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'the signature of the token does not fit it: it was changed',
  ERR_JWT_CLAIM_VALIDATION_FAILED: 'a claim of the token is missing or not ours',
};

class KeyUnknown extends Error {}
class KeyUnreachable extends Error {}

async function findKey(keys: TokenKeySource, header: JWTHeaderParameters): Promise<KeyObject> {
  const key = header.kid === undefined ? undefined : await keys.keyFor(header.kid);
  if (key === 'unreachable') throw new KeyUnreachable('the key set of the auth service cannot be fetched and none is on disk');
  if (key === undefined) throw new KeyUnknown('the token is not signed by a key of this overlay');
  return key;
}

function claimsOf(payload: JWTPayload): TokenClaims | undefined {
  const { sub, iat, exp, jti, scope } = payload;
  if (typeof sub !== 'string' || !isSubject(sub) || typeof jti !== 'string' || typeof scope !== 'string') return undefined;
  if (typeof iat !== 'number' || typeof exp !== 'number') return undefined;
  const scopes = scope.split(' ').filter((word) => word !== '');
  if (scopes.length > SCOPES_MAX || !scopes.every(isScope)) return undefined;
  return { subject: sub, scopes, issuedAt: iat * 1_000, expiresAt: exp * 1_000, tokenId: jti };
}

function invalid(message: string): { readonly type: 'refused'; readonly code: 'TOKEN_INVALID'; readonly message: string } {
  return { type: 'refused', code: 'TOKEN_INVALID', message };
}
