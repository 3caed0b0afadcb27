import { once } from 'node:events';
import { connect, createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { peerFromCertificate } from './peer-identity.ts';
import { mintTestAuthority } from './testing.ts';

describe('mintTestAuthority', () => {
  it('gives credentials that node:http2 takes at both ends', async () => {
    const { issue, pem } = await mintTestAuthority();
    const [server, client] = [await issue(), await issue({ role: 'builder' })];
    const listener = createSecureServer({ key: server.key, cert: server.certificate, ca: pem, requestCert: true, rejectUnauthorized: true });
    const met = new Promise<Uint8Array>((resolve) => listener.on('session', (session) => resolve((session.socket as TLSSocket).getPeerCertificate().raw)));
    await once(listener.listen(0, '127.0.0.1'), 'listening');
    const address = listener.address() as AddressInfo;
    const session = connect(`https://127.0.0.1:${address.port}`, { key: client.key, cert: client.certificate, ca: pem });
    await once(session, 'connect');
    const seenByClient = peerFromCertificate((session.socket as TLSSocket).getPeerCertificate().raw);
    expect(seenByClient?.id).toBe(server.identity.id);
    expect(peerFromCertificate(await met)).toMatchObject({ id: client.identity.id, role: 'builder' });
    session.destroy();
    await new Promise((resolve) => listener.close(resolve));
  });

  it('gives expired certificates to whoever wants to refuse one', async () => {
    const { issue } = await mintTestAuthority();
    const { identity } = await issue({ lifetimeMs: -60_000 });
    expect(identity.notAfter).toBeLessThan(Date.now());
  });
});
