// The keys that sign tokens, as a JSON Web Key Set. Each key brings a certificate of the overlay's authority (`x5c`,
// RFC 7517 section 4.7) with the role `tokens`, so the set may come over plain HTTP or from a file: whoever changes it
// on the way can take keys out, never put one in.
import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { publicKeyToSpki } from './keys.ts';
import { issuedPeer } from './peer-identity.ts';
import { TOKEN_ALGORITHM } from './token-claims.ts';

/** Keys taken from one set at most. */
export const TOKEN_KEYS_MAX = 16;

/** One key of a set, as auth publishes it. */
export interface TokenJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  /** The public key, base64url. */
  readonly x: string;
  readonly kid: string;
  readonly alg: typeof TOKEN_ALGORITHM;
  readonly use: 'sig';
  /** The authority's certificate for the key, DER in base64. */
  readonly x5c: readonly [string];
}

/** What stands at `/.well-known/jwks.json`. */
export interface TokenKeySet {
  readonly keys: readonly TokenJwk[];
}

/** Where a verifier finds the key that a token names. */
export interface TokenKeySource {
  /** The key called `keyId`; undefined when there is none. `unreachable`: nobody could be asked and nothing is known yet. */
  keyFor(keyId: string): Promise<KeyObject | undefined | 'unreachable'>;
}

/** The published form of a token key. */
export function toTokenJwk(publicKey: KeyObject, keyId: string, certificate: Uint8Array): TokenJwk {
  const { x } = publicKey.export({ format: 'jwk' });
  if (publicKey.asymmetricKeyType !== 'ed25519' || x === undefined) throw new TypeError('tokens are signed with Ed25519 only');
  return { kty: 'OKP', crv: 'Ed25519', x, kid: keyId, alg: TOKEN_ALGORITHM, use: 'sig', x5c: [Buffer.from(certificate).toString('base64')] };
}

/**
 * The keys of a set that `authority` vouches for, by key id. Whatever is malformed, of another kind or not vouched for
 * is left out. Validity in time is not asked: a key outlives its certificate by the 24 h of its last token.
 */
export function trustedTokenKeys(set: unknown, authority: X509Certificate): ReadonlyMap<string, KeyObject> {
  const trusted = new Map<string, KeyObject>();
  for (const jwk of listOfKeys(set).slice(0, TOKEN_KEYS_MAX)) {
    const key = isTokenJwk(jwk) ? vouchedKey(jwk, authority) : undefined;
    if (key !== undefined) trusted.set((jwk as TokenJwk).kid, key);
  }
  return trusted;
}

/** A source that knows `set` and asks nobody: for auth itself and for specs. */
export function fixedTokenKeys(set: TokenKeySet, authority: string): TokenKeySource {
  const keys = trustedTokenKeys(set, new X509Certificate(authority));
  return { keyFor: (keyId) => Promise.resolve(keys.get(keyId)) };
}

function listOfKeys(set: unknown): readonly unknown[] {
  const { keys } = (typeof set === 'object' && set !== null ? set : {}) as { readonly keys?: unknown };
  return Array.isArray(keys) ? (keys as readonly unknown[]) : [];
}

function isTokenJwk(value: unknown): value is TokenJwk {
  if (typeof value !== 'object' || value === null) return false;
  const jwk = value as Partial<Record<keyof TokenJwk, unknown>>;
  const isOurKind = jwk.kty === 'OKP' && jwk.crv === 'Ed25519' && typeof jwk.x === 'string' && typeof jwk.kid === 'string';
  return isOurKind && Array.isArray(jwk.x5c) && typeof jwk.x5c[0] === 'string';
}

function vouchedKey(jwk: TokenJwk, authority: X509Certificate): KeyObject | undefined {
  const holder = issuedPeer(Buffer.from(jwk.x5c[0], 'base64'), authority);
  if (holder?.role !== 'tokens' || holder.publicKey.asymmetricKeyType !== 'ed25519') return undefined;
  return Buffer.from(publicKeyToSpki(holder.publicKey)).equals(spkiOf(jwk)) ? holder.publicKey : undefined;
}

function spkiOf(jwk: TokenJwk): Uint8Array {
  try {
    return publicKeyToSpki(createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, format: 'jwk' }));
  } catch {
    return new Uint8Array(); // not a point of the curve: equal to no key
  }
}
