import { createPublicKey, type KeyObject } from 'node:crypto';
import { publicKeyFromSpki } from './keys.ts';
import { loadX509, signingAlgorithm, toCryptoKey } from './x509.ts';

/** A PKCS #10 request in DER for `privateKey`. It says nothing but the key: the authority decides what else stands in the certificate. */
export async function makeCertificateRequest(privateKey: KeyObject): Promise<Uint8Array> {
  const x509 = await loadX509();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=banyan',
    keys: { privateKey: toCryptoKey(privateKey), publicKey: toCryptoKey(createPublicKey(privateKey)) },
    signingAlgorithm: signingAlgorithm(privateKey),
  });
  return new Uint8Array(request.rawData);
}

/**
 * The public key (SubjectPublicKeyInfo, DER) that a request asks a certificate for; undefined when the request is
 * malformed, not signed by that key, or of a kind of key that is not accepted. Subject and extensions are ignored.
 */
export async function readCertificateRequest(der: Uint8Array): Promise<Uint8Array | undefined> {
  const x509 = await loadX509();
  try {
    const request = new x509.Pkcs10CertificateRequest(copyOf(der));
    const spki = new Uint8Array(request.publicKey.rawData);
    return publicKeyFromSpki(spki) !== undefined && (await request.verify()) ? spki : undefined;
  } catch {
    return undefined; // the library throws for every kind of malformed bytes: that is the answer
  }
}

// The library wants a buffer of its own, not a view into a frame.
function copyOf(der: Uint8Array): ArrayBuffer {
  return new Uint8Array(der).buffer;
}
