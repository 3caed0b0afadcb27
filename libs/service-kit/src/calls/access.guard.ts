import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { authenticatedPeer, OverlayError } from '@banyan/grpc';
import type { PeerIdentity, TokenClaims, TokenVerifier } from '@banyan/identity';
import { IS_REVOKED, TOKEN_VERIFIER } from '../service-ports.ts';
import { ACCESS_RULES, assertScope, type AccessRule } from './access.ts';
import { bearerTokenOf, callOf, setCaller, showsCertificate, type AnyCall } from './call-facts.ts';

/** Holds every gRPC call against the rules of its method. Pages of the admin server are open: it listens on loopback. */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #reflector: Reflector;
  readonly #tokenVerifier: TokenVerifier | undefined;
  readonly #isRevoked: (peer: PeerIdentity) => boolean;

  constructor(
    @Inject(Reflector) reflector: Reflector,
    @Inject(TOKEN_VERIFIER) tokenVerifier: TokenVerifier | undefined,
    @Inject(IS_REVOKED) isRevoked: (peer: PeerIdentity) => boolean,
  ) {
    this.#reflector = reflector;
    this.#tokenVerifier = tokenVerifier;
    this.#isRevoked = isRevoked;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'rpc') return true;
    const rules = this.#reflector.get<readonly AccessRule[] | undefined>(ACCESS_RULES, context.getHandler()) ?? [];
    const call = callOf(context);
    if (rules.some((rule) => rule.type === 'anyone')) return true;
    if (showsCertificate(call) && rules.some((rule) => rule.type === 'peer')) {
      this.#admitPeer(call);
      return true;
    }
    const scopes = rules.filter((rule) => rule.type === 'token').map((rule) => rule.scope);
    if (scopes.length === 0) throw new OverlayError('CERTIFICATE_MISSING', 'this call is for peers with a certificate of the overlay');
    const caller = await this.#verify(call);
    if (!scopes.includes(undefined)) assertScope(caller, scopes.filter((scope) => scope !== undefined));
    setCaller(call, caller);
    return true;
  }

  #admitPeer(call: AnyCall): void {
    const peer = authenticatedPeer(call);
    if (this.#isRevoked(peer)) throw new OverlayError('CERTIFICATE_REVOKED', `the certificate of ${peer.id} was revoked`, { id: peer.id });
  }

  async #verify(call: AnyCall): Promise<TokenClaims> {
    const token = bearerTokenOf(call);
    if (token === undefined || this.#tokenVerifier === undefined) throw new OverlayError('TOKEN_MISSING', 'this call needs a bearer token');
    const verdict = await this.#tokenVerifier.verify(token, Date.now());
    if (verdict.type === 'refused') throw new OverlayError(verdict.code, verdict.message);
    return verdict.claims;
  }
}
