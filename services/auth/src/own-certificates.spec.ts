import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CertificateAuthority, CERTIFICATE_LIFETIME_MS, generateTokenKey, TokenSigner, trustedTokenKeys } from '@banyan/identity';
import { OwnCertificates } from './own-certificates.ts';

const NOW = Date.UTC(2026, 10, 22);

async function issue(): Promise<OwnCertificates> {
  const authority = await CertificateAuthority.create(NOW);
  return OwnCertificates.issue(authority, await TokenSigner.create(generateTokenKey()), ['auth.example', '127.0.0.1'], NOW);
}

describe('OwnCertificates', () => {
  it('name auth and its addresses, and vouch for the token key', async () => {
    const own = await issue();
    expect(own.server.identity).toMatchObject({ role: 'auth', addresses: ['auth.example', '127.0.0.1'] });
    expect(trustedTokenKeys(own.keySet, new X509Certificate(own.server.authority)).size).toBe(1);
  });

  it('are renewed from half of their life on, for the same token key', async () => {
    const own = await issue();
    const [server, [key]] = [own.server, own.keySet.keys];
    expect(await own.renewIfDue(NOW + CERTIFICATE_LIFETIME_MS / 2 - 3_600_000)).toBe(false);
    expect(own.server).toBe(server);
    expect(await own.renewIfDue(NOW + CERTIFICATE_LIFETIME_MS / 2)).toBe(true);
    expect(own.server.identity.notAfter).toBeGreaterThan(server.identity.notAfter);
    expect(own.keySet.keys[0]).toMatchObject({ kid: key!.kid, x: key!.x });
    expect(own.keySet.keys[0]!.x5c).not.toEqual(key!.x5c);
  });
});
