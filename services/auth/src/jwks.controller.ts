import { Controller, Get, Header, Inject } from '@nestjs/common';
import type { TokenKeySet } from '@banyan/identity';
import { OwnCertificates } from './own-certificates.ts';

/** Where the key set stands (RFC 8615). */
export const JWKS_PATH = '/.well-known/jwks.json';

/** The keys that verify tokens, for anyone. */
@Controller()
export class JwksController {
  constructor(@Inject(OwnCertificates) private readonly ownCertificates: OwnCertificates) {}

  @Get(JWKS_PATH)
  @Header('content-type', 'application/jwk-set+json')
  @Header('cache-control', 'public, max-age=300')
  keySet(): TokenKeySet {
    return this.ownCertificates.keySet;
  }
}
