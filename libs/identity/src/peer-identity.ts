import { createHash, X509Certificate, type KeyObject } from 'node:crypto';
import { BoundedCache } from './bounded-cache.ts';
import { parseAlternativeNames, type IdentityNames } from './identity-names.ts';
import { publicKeyFromSpki, publicKeyToSpki } from './keys.ts';
import { nodeId } from './node-id.ts';

/** Who shows a certificate. */
export interface PeerIdentity extends IdentityNames {
  readonly publicKey: KeyObject;
  /** Hex digits of the serial number. */
  readonly serial: string;
  /** First moment of validity, wall ms. */
  readonly notBefore: number;
  /** Last moment of validity, wall ms. */
  readonly notAfter: number;
}

// As many as a node has links, many times over; one entry is about 2 KiB.
const KNOWN_MAX = 4_096;
const known = new BoundedCache<PeerIdentity | 'stranger'>(KNOWN_MAX);

/**
 * Who the holder of a certificate (DER) is; undefined when it names no id, or one that does not follow from its key and salt.
 * It does *not* verify who issued it: TLS has done so before the certificate comes here, others use `issuedPeer`.
 * Cached by digest: the first look costs about 0.1 ms, later ones a hash.
 */
export function peerFromCertificate(der: Uint8Array): PeerIdentity | undefined {
  const digest = createHash('sha256').update(der).digest('base64');
  const earlier = known.get(digest);
  if (earlier !== undefined) return earlier === 'stranger' ? undefined : earlier;
  const peer = readPeer(der);
  known.set(digest, peer ?? 'stranger');
  return peer;
}

/** As `peerFromCertificate`, for a certificate that did not come through TLS: undefined unless `authority` issued it. */
export function issuedPeer(der: Uint8Array, authority: X509Certificate): PeerIdentity | undefined {
  const certificate = parseCertificate(der);
  if (certificate === undefined || !isIssuedBy(certificate, authority)) return undefined;
  return peerFromCertificate(der);
}

/** True at a moment (wall ms) within the validity of a certificate. */
export function isValidAt(peer: PeerIdentity, now: number): boolean {
  return peer.notBefore <= now && now <= peer.notAfter;
}

/** The certificate in `der` or PEM; undefined when it is malformed. */
export function parseCertificate(certificate: Uint8Array | string): X509Certificate | undefined {
  try {
    return new X509Certificate(certificate);
  } catch {
    return undefined; // malformed: that is the answer
  }
}

function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

function readPeer(der: Uint8Array): PeerIdentity | undefined {
  const certificate = parseCertificate(der);
  const names = parseAlternativeNames(certificate?.subjectAltName ?? '');
  if (certificate === undefined || names === undefined || certificate.ca) return undefined;
  const spki = publicKeyToSpki(certificate.publicKey);
  if (publicKeyFromSpki(spki) === undefined || nodeId(spki, names.salt) !== names.id) return undefined;
  return {
    ...names,
    publicKey: certificate.publicKey,
    serial: certificate.serialNumber.toLowerCase(),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  };
}
