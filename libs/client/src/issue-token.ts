import { createClient } from '@banyan/grpc';
import { auth } from '@banyan/proto';
import { ask } from './ask.ts';

/** Who asks for a token, and for what. */
export interface TokenRequest {
  /** `host:port` of the auth service's API. */
  readonly address: string;
  /** The authority's certificate, PEM. */
  readonly authority: string;
  readonly subject: string;
  readonly secret: string;
  /** `publish:GROUP`, `subscribe:GROUP`, `route`, `admin`; GROUP may end in `*`. */
  readonly scopes: readonly string[];
  /** At most 86,400; by default 3,600. */
  readonly ttlSeconds?: number;
}

/** A token and its end. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresAtMs: number;
}

/** Asks the auth service for a token. Throws CLIENT_SECRET_INVALID, SCOPE_NOT_ALLOWED. */
export async function issueToken(request: TokenRequest): Promise<IssuedToken> {
  const api = createClient(auth.AuthServiceClient, { address: request.address, authority: request.authority });
  try {
    const { subject, secret, scopes, ttlSeconds = 0 } = request;
    const answer = await ask(request.address, api.issueToken.bind(api), { subject, secret, scopes: [...scopes], ttlSeconds });
    return { token: answer.token, expiresAtMs: Number(answer.expiresAtMs) };
  } finally {
    api.close();
  }
}
