import type { PeerCertificate } from 'node:tls';
import { peerFromCertificate, type PeerIdentity } from '@banyan/identity';
import { OverlayError } from './overlay-error.ts';

/** What a call of grpc-js tells about its connection; every kind of server call has it. */
interface AuthenticatedCall {
  getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate } | null;
}

/**
 * Who is at the other end of a mutual TLS connection, by his certificate and by nothing he sends.
 * Throws CERTIFICATE_MISSING without one, CERTIFICATE_INVALID when its id does not follow from its key and salt.
 */
export function authenticatedPeer(call: AuthenticatedCall): PeerIdentity {
  return identityOf(call.getAuthContext()?.sslPeerCertificate?.raw);
}

/** As `authenticatedPeer`, for a certificate in DER that TLS has verified. */
export function identityOf(certificate: Uint8Array | undefined): PeerIdentity {
  if (certificate === undefined) throw new OverlayError('CERTIFICATE_MISSING', 'the peer showed no certificate');
  const identity = peerFromCertificate(certificate);
  if (identity === undefined) throw new OverlayError('CERTIFICATE_INVALID', 'the certificate names no id, or one that does not follow from its key and salt');
  return identity;
}
