import { createPublicKey, randomUUID, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint';
import { SignJWT } from 'jose/jwt/sign';
import { TOKEN_ALGORITHM, TOKEN_ISSUER, TOKEN_LIFETIME_MAX_MS, type TokenClaims } from './token-claims.ts';

/** What a token is to say. */
export interface TokenOrder {
  readonly subject: string;
  readonly scopes: readonly string[];
  /** Wall ms. */
  readonly now: number;
  /** At most 24 h. */
  readonly lifetimeMs: number;
}

/** A token just signed. */
export interface IssuedToken {
  /** The JWT. */
  readonly token: string;
  readonly claims: TokenClaims;
}

/** Signs client tokens with one Ed25519 key. Whether a subject deserves a scope is decided before. */
export class TokenSigner {
  private constructor(
    private readonly privateKey: KeyObject,
    /** The key's name: its JWK thumbprint (RFC 7638). */
    readonly keyId: string,
  ) {}

  /** A signer for an Ed25519 private key. */
  static async create(privateKey: KeyObject): Promise<TokenSigner> {
    return new TokenSigner(privateKey, await calculateJwkThumbprint(createPublicKey(privateKey).export({ format: 'jwk' })));
  }

  /** The public half, for the key set. */
  get publicKey(): KeyObject {
    return createPublicKey(this.privateKey);
  }

  /** A token that says `order`; its times are whole seconds. */
  async sign(order: TokenOrder): Promise<IssuedToken> {
    if (order.lifetimeMs > TOKEN_LIFETIME_MAX_MS) throw new RangeError('a token lives at most 24 hours');
    const issuedAt = Math.floor(order.now / 1_000);
    const expiresAt = issuedAt + Math.floor(order.lifetimeMs / 1_000);
    const tokenId = randomUUID();
    const token = await new SignJWT({ scope: order.scopes.join(' ') })
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid: this.keyId, typ: 'JWT' })
      .setIssuer(TOKEN_ISSUER)
      .setSubject(order.subject)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .setJti(tokenId)
      .sign(this.privateKey);
    return { token, claims: { subject: order.subject, scopes: [...order.scopes], issuedAt: issuedAt * 1_000, expiresAt: expiresAt * 1_000, tokenId } };
  }
}
