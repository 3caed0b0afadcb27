import type { ServerUnaryCall } from '@grpc/grpc-js';
import type { ExecutionContext } from '@nestjs/common';
import { OverlayError } from '@banyan/grpc';
import type { TokenClaims } from '@banyan/identity';

/** What all four kinds of grpc-js calls have in common. */
export type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'cancelled' | 'getPeer' | 'getPath' | 'getAuthContext'>;

/** Callers by call, written by the guard and read by handlers; gone with the call. */
const callers = new WeakMap<AnyCall, TokenClaims>();

/** The call a handler, guard or filter runs for. Unary and server-streaming handlers get it third, others first. */
export function callOf(context: Pick<ExecutionContext, 'getArgs'>): AnyCall {
  const call = context.getArgs().find(isCall);
  if (call === undefined) throw new TypeError('this is no gRPC call');
  return call;
}

/** True when the caller showed a certificate, which TLS then has verified: only mTLS listeners ask for one. */
export function showsCertificate(call: AnyCall): boolean {
  return call.getAuthContext()?.sslPeerCertificate?.raw !== undefined;
}

/** Who calls by token. Throws TOKEN_MISSING when the guard has let the call in without one. */
export function callerOf(call: AnyCall): TokenClaims {
  const caller = callers.get(call);
  if (caller === undefined) throw new OverlayError('TOKEN_MISSING', 'this call needs a bearer token');
  return caller;
}

/** Remembers who calls. */
export function setCaller(call: AnyCall, caller: TokenClaims): void {
  callers.set(call, caller);
}

/** The bearer token of a call, undefined when it carries none. */
export function bearerTokenOf(call: AnyCall): string | undefined {
  const [value] = call.metadata.get('authorization');
  return typeof value === 'string' ? /^Bearer ([^\s]+)$/i.exec(value)?.[1] : undefined;
}

function isCall(argument: unknown): argument is AnyCall {
  return typeof argument === 'object' && argument !== null && 'getAuthContext' in argument && 'getPath' in argument;
}
