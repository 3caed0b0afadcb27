// Who may read and change which group.
import { authenticatedPeer, OverlayError } from '@banyan/grpc';
import { completeGroupName, ownerOfGroup, scopeAllows, type TokenClaims } from '@banyan/identity';
import { callerOf, requireScope, type AnyCall } from '@banyan/service-kit';

/** Whoever asks for a group: a member of the overlay, who may read all, or the bearer of a token. */
export type Reader = { readonly type: 'member' } | { readonly type: 'client'; readonly claims: TokenClaims };

/** Who asks. Access itself was decided by the guard. */
export function readerOf(call: AnyCall): Reader {
  if (call.getAuthContext()?.sslPeerCertificate?.raw === undefined) return { type: 'client', claims: callerOf(call) };
  authenticatedPeer(call);
  return { type: 'member' };
}

/** True when the reader may know the group. */
export function mayRead(reader: Reader, name: string): boolean {
  return reader.type === 'member' || scopesToRead(name).some((scope) => scopeAllows(reader.claims.scopes, scope));
}

/** Throws SCOPE_MISSING unless the reader may know the group. */
export function assertMayRead(reader: Reader, name: string): void {
  if (mayRead(reader, name)) return;
  const scope = scopesToRead(name).join(' ');
  throw new OverlayError('SCOPE_MISSING', `the token carries none of the scopes ${scope}`, { scope });
}

/** The full name of a group as the reader means it. */
export function fullName(reader: Reader, name: string): string {
  return reader.type === 'client' ? completeGroupName(name, reader.claims.subject) : name;
}

/** The caller, who may create the group: by scope, and as its owner or an administrator. Throws SCOPE_MISSING, NOT_OWNER. */
export function assertMayCreate(call: AnyCall, name: string): void {
  assertOwns(requireScope(call, 'admin', `publish:${name}`), name);
}

/** Throws NOT_OWNER unless the caller owns the group or is an administrator. */
export function assertOwns(caller: TokenClaims, name: string): void {
  if (caller.subject === ownerOfGroup(name) || scopeAllows(caller.scopes, 'admin')) return;
  throw new OverlayError('NOT_OWNER', `${caller.subject} does not own the group ${name}`, { group: name, owner: ownerOfGroup(name) });
}

function scopesToRead(name: string): readonly string[] {
  return [`subscribe:${name}`, `publish:${name}`];
}
