// Who is signed in: the bearer of a client token, kept by the browser in a cookie that no script can read. The server
// keeps nothing, so a session outlives a restart of the console and ends with its token.
import { createParamDecorator, Inject, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { OverlayError } from '@banyan/grpc';
import { scopeAllows, type TokenVerifier } from '@banyan/identity';
import type { SessionView } from '../contract.ts';

/** Who asks, and with which token. */
export interface Session {
  readonly token: string;
  readonly tokenId: string;
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly expiresAtMs: number;
}

/** The verifier of tokens, for injection. */
export const VERIFIER = Symbol('console.verifier');

const COOKIE = 'banyan_console';
// Browsers keep cookies of up to 4 KiB.
const TOKEN_LENGTH_MAX = 3_800;
const SCOPE = 'console.scope';

/** Lets in sessions whose token has the scope. */
export const NeedsScope = (scope: string): MethodDecorator => SetMetadata(SCOPE, scope);

/** The session of a request that was let in. */
export const FromSession = createParamDecorator((_: unknown, context: ExecutionContext): Session => sessionOf(context.switchToHttp().getRequest<Request>()));

/** Verifies a token. Throws TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED, AUTH_UNREACHABLE. */
export async function openSession(token: string, verifier: TokenVerifier): Promise<Session> {
  if (token.length > TOKEN_LENGTH_MAX) throw new OverlayError('TOKEN_INVALID', `the token is longer than ${TOKEN_LENGTH_MAX} characters, more than a browser keeps; ask for one with fewer scopes`);
  const verdict = await verifier.verify(token, Date.now());
  if (verdict.type === 'refused') throw new OverlayError(verdict.code, verdict.message);
  const { tokenId, subject, scopes, expiresAt } = verdict.claims;
  return { token, tokenId, subject, scopes, expiresAtMs: expiresAt };
}

/** What the page is told of a session. */
export function sessionView({ subject, scopes, expiresAtMs }: Session): SessionView {
  return { subject, isAdmin: scopeAllows(scopes, 'admin'), canRoute: scopeAllows(scopes, 'route'), expiresAtMs };
}

/** Gives the browser the session, or takes it away. */
export function setCookie(response: Response, session: Session | undefined, isSecure: boolean): void {
  const maxAge = session === undefined ? 0 : Math.max(0, session.expiresAtMs - Date.now());
  response.cookie(COOKIE, session?.token ?? '', { httpOnly: true, sameSite: 'strict', secure: isSecure, path: '/', maxAge });
}

/** Throws SCOPE_MISSING unless the session has the scope. */
export function needScope(session: Session, scope: string): void {
  if (scopeAllows(session.scopes, scope)) return;
  throw new OverlayError('SCOPE_MISSING', `the token of ${session.subject} does not carry the scope ${scope}`, { scope });
}

/** Lets in whoever is signed in, with the scope the method names; what changes something only from the console's own page. */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(VERIFIER) private readonly verifier: TokenVerifier,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request & { session?: Session }>();
    assertOwnPage(request);
    const token = cookieOf(request);
    if (token === undefined) throw new OverlayError('TOKEN_MISSING', 'nobody is signed in');
    request.session = await openSession(token, this.verifier);
    const scope = this.reflector.get<string | undefined>(SCOPE, context.getHandler());
    if (scope !== undefined) needScope(request.session, scope);
    return true;
  }
}

/** Throws REQUEST_INVALID when another site's page asks for a change; the strict cookie alone would be one line of defence. */
export function assertOwnPage(request: Request): void {
  const { origin, host } = request.headers;
  if (request.method === 'GET' || origin === undefined) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new OverlayError('REQUEST_INVALID', `a page of ${origin} may not ask this console for anything`, { field: 'origin' });
}

function sessionOf(request: Request & { session?: Session }): Session {
  if (request.session === undefined) throw new OverlayError('TOKEN_MISSING', 'nobody is signed in');
  return request.session;
}

function cookieOf({ headers }: Request): string | undefined {
  const pair = (headers.cookie ?? '').split(';').map((part) => part.trim()).find((part) => part.startsWith(`${COOKIE}=`));
  const token = pair?.slice(COOKIE.length + 1);
  return token === '' ? undefined : token;
}
