import { checkServerIdentity } from 'node:tls';
import { credentials, ServerCredentials, type ChannelCredentials } from '@grpc/grpc-js';
import type { PeerCertificate } from 'node:tls';

/** Who a process is on the network: its private key and certificate chain, both PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly certificate: string;
}

/** TLS without client certificates: for APIs whose callers bring a token. */
export function tlsServerCredentials(own: KeyAndCertificate): ServerCredentials {
  return ServerCredentials.createSsl(null, [keyPair(own)], false);
}

/** Mutual TLS: only peers with a certificate of `authority` (PEM) come in. */
export function mutualTlsServerCredentials(own: KeyAndCertificate, authority: string): ServerCredentials {
  return ServerCredentials.createSsl(Buffer.from(authority), [keyPair(own)], true);
}

/**
 * TLS towards a service at `host`, whose certificate `authority` (PEM) has issued for that host.
 * The host is checked here and not by grpc-js, which cannot put an IP address into the handshake.
 */
export function tlsChannelCredentials(authority: string, host: string): ChannelCredentials {
  return credentials.createSsl(Buffer.from(authority), null, null, {
    checkServerIdentity: (_serverName: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate),
  });
}

/** Looks at the certificate of whoever answers a dial; an error refuses it before anything is sent. */
export type CertificateCheck = (certificate: PeerCertificate) => Error | undefined;

/** Mutual TLS towards a peer; `check` decides by its certificate whether it is the one meant. */
export function mutualTlsChannelCredentials(own: KeyAndCertificate, authority: string, check: CertificateCheck): ChannelCredentials {
  return credentials.createSsl(Buffer.from(authority), Buffer.from(own.key), Buffer.from(own.certificate), {
    checkServerIdentity: (_serverName: string, certificate: PeerCertificate) => check(certificate),
  });
}

function keyPair(own: KeyAndCertificate): { private_key: Buffer; cert_chain: Buffer } {
  return { private_key: Buffer.from(own.key), cert_chain: Buffer.from(own.certificate) };
}
