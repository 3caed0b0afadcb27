import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AUTHORITY_LIFETIME_MS, CERTIFICATE_LIFETIME_MS, CertificateAuthority } from './certificate-authority.ts';
import { generateNodeKey, generateTokenKey, publicKeyToSpki } from './keys.ts';
import { drawSalt, nodeId } from './node-id.ts';
import { isValidAt, issuedPeer, peerFromCertificate } from './peer-identity.ts';

const NOW = Date.UTC(2026, 10, 22, 12);

function orderFor(publicKey: Uint8Array, salt = drawSalt()) {
  return { id: nodeId(publicKey, salt), salt, role: 'node' as const, addresses: ['localhost', '127.0.0.1', '::1'], publicKey, now: NOW };
}

describe('CertificateAuthority', () => {
  it('signs what it is told: id, salt, role, addresses, 30 days', async () => {
    const authority = await CertificateAuthority.create(NOW);
    const order = orderFor(publicKeyToSpki(generateNodeKey()));
    const issued = await authority.issue(order);
    const peer = issuedPeer(issued.der, authority.certificate);
    expect(peer).toMatchObject({ id: order.id, salt: order.salt, role: 'node', serial: issued.serial, notAfter: issued.notAfter });
    expect(peer?.addresses).toEqual(['localhost', '127.0.0.1', '0:0:0:0:0:0:0:1']);
    expect(issued.notAfter).toBe(NOW + CERTIFICATE_LIFETIME_MS);
    expect(peer && [isValidAt(peer, NOW), isValidAt(peer, issued.notAfter + 1)]).toEqual([true, false]);
  });

  it('certifies Ed25519 keys too', async () => {
    const authority = await CertificateAuthority.create(NOW);
    const order = orderFor(publicKeyToSpki(generateTokenKey()));
    expect(issuedPeer((await authority.issue(order)).der, authority.certificate)?.id).toBe(order.id);
  });

  it('is named by a URI that any X.509 tool shows', async () => {
    const authority = await CertificateAuthority.create(NOW);
    const order = orderFor(publicKeyToSpki(generateNodeKey()));
    const certificate = new X509Certificate((await authority.issue(order)).der);
    expect(certificate.subjectAltName).toContain(`URI:banyan:node:${order.id}`);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  });

  it('is the same authority after save and load', async () => {
    const first = await CertificateAuthority.create(NOW);
    const second = await CertificateAuthority.load(first.save());
    const order = orderFor(publicKeyToSpki(generateNodeKey()));
    expect(issuedPeer((await second.issue(order)).der, first.certificate)?.id).toBe(order.id);
    expect(new X509Certificate(second.pem).validToDate.getTime()).toBe(NOW + AUTHORITY_LIFETIME_MS);
  });

  it('refuses to load a certificate of another key', async () => {
    const [one, other] = [await CertificateAuthority.create(NOW), await CertificateAuthority.create(NOW)];
    await expect(CertificateAuthority.load({ key: one.save().key, certificate: other.save().certificate })).rejects.toThrow('does not belong');
  });
});

describe('issuedPeer', () => {
  it('is nobody when another authority signed', async () => {
    const [one, other] = [await CertificateAuthority.create(NOW), await CertificateAuthority.create(NOW)];
    const issued = await one.issue(orderFor(publicKeyToSpki(generateNodeKey())));
    expect(issuedPeer(issued.der, other.certificate)).toBeUndefined();
  });
});

describe('peerFromCertificate', () => {
  it('is nobody when the id does not follow from key and salt', async () => {
    const authority = await CertificateAuthority.create(NOW);
    const order = orderFor(publicKeyToSpki(generateNodeKey()));
    const chosen = await authority.issue({ ...order, salt: drawSalt() });
    expect(peerFromCertificate(chosen.der)).toBeUndefined();
  });

  it('is nobody for the authority itself, for rubbish and for nothing', async () => {
    const authority = await CertificateAuthority.create(NOW);
    expect(peerFromCertificate(authority.der)).toBeUndefined();
    expect(peerFromCertificate(Buffer.from('rubbish'))).toBeUndefined();
    expect(peerFromCertificate(new Uint8Array())).toBeUndefined();
  });

  it('answers from its cache with the same object', async () => {
    const authority = await CertificateAuthority.create(NOW);
    const { der } = await authority.issue(orderFor(publicKeyToSpki(generateNodeKey())));
    expect(peerFromCertificate(Uint8Array.from(der))).toBe(peerFromCertificate(der));
  });
});
