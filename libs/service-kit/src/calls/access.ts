// Who may call a method, said at the method. A method that says nothing lets nobody in.
import { SetMetadata } from '@nestjs/common';
import { OverlayError } from '@banyan/grpc';
import { scopeAllows, type TokenClaims } from '@banyan/identity';
import { callerOf, type AnyCall } from './call-facts.ts';

/** One way to be let in. */
export type AccessRule =
  /** Anyone at all: the request carries its own proof. */
  | { readonly type: 'anyone' }
  /** The holder of any certificate of the overlay (mTLS listeners). */
  | { readonly type: 'peer' }
  /** A token; with a scope it must carry it. */
  | { readonly type: 'token'; readonly scope?: string };

/** Key of the rules in a method's metadata. */
export const ACCESS_RULES = 'banyan.access-rules';

/** Lets in whoever one of the rules lets in. */
export const Access = (...rules: readonly AccessRule[]): MethodDecorator => SetMetadata(ACCESS_RULES, rules);

/** Lets in tokens with this scope. */
export const RequireScope = (scope: string): MethodDecorator => Access({ type: 'token', scope });

/** Lets in any good token; the handler asks for the scope itself with `requireScope`, once it knows the group. */
export const RequireToken = (): MethodDecorator => Access({ type: 'token' });

/** Lets in peers with a certificate of the overlay. */
export const RequirePeer = (): MethodDecorator => Access({ type: 'peer' });

/** Lets in anyone. */
export const AllowAnyone = (): MethodDecorator => Access({ type: 'anyone' });

/** The caller, who must have one of the scopes. Throws SCOPE_MISSING. */
export function requireScope(call: AnyCall, ...scopes: readonly string[]): TokenClaims {
  const caller = callerOf(call);
  assertScope(caller, scopes);
  return caller;
}

/** Throws SCOPE_MISSING unless the caller has one of the scopes. */
export function assertScope(caller: TokenClaims, scopes: readonly string[]): void {
  if (scopes.some((scope) => scopeAllows(caller.scopes, scope))) return;
  throw new OverlayError('SCOPE_MISSING', `the token of ${caller.subject} does not carry the scope ${scopes.join(' or ')}`, { scope: scopes.join(' ') });
}
