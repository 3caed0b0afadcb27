import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { issuedPeer, parseCertificate, type PeerIdentity } from './peer-identity.ts';

/** A process's own proof of who it is: `key` and `certificate` (PEM) are what TLS takes, `authority` (PEM) whom it trusts. */
export interface Credentials {
  readonly identity: PeerIdentity;
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
  readonly privateKey: KeyObject;
  /** The certificate in DER. */
  readonly certificateDer: Uint8Array;
}

/** The three files, PEM. */
export interface CredentialFiles {
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
}

/**
 * The credentials that three PEM texts make; undefined when they do not belong together: the certificate is of another
 * key or another authority, or its id does not follow. Throws when the key is malformed.
 */
export function assembleCredentials(files: CredentialFiles): Credentials | undefined {
  const privateKey = createPrivateKey(files.key);
  const certificate = parseCertificate(files.certificate);
  const authority = parseCertificate(files.authority);
  if (certificate === undefined || authority === undefined || !certificate.checkPrivateKey(privateKey)) return undefined;
  const certificateDer = new Uint8Array(certificate.raw);
  const identity = issuedPeer(certificateDer, authority);
  return identity === undefined ? undefined : { ...files, identity, privateKey, certificateDer };
}

/** The wall ms from which a holder should renew: half of the certificate's life. */
export function renewalTime(identity: PeerIdentity): number {
  return (identity.notBefore + identity.notAfter) / 2;
}

/** A certificate in DER as PEM. Throws when it is malformed. */
export function certificateToPem(der: Uint8Array): string {
  return new X509Certificate(der).toString();
}
