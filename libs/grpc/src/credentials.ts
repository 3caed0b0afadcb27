import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, createSecureContext, type PeerCertificate, type SecureContextOptions } from 'node:tls';
import { credentials, ServerCredentials, type ChannelCredentials } from '@grpc/grpc-js';
import { OverlayError } from './overlay-error.ts';

/** Who a process is on the network: its private key and certificate chain, both PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly certificate: string;
}

/** TLS without client certificates: for APIs whose callers bring a token. */
export function tlsServerCredentials(own: KeyAndCertificate): RenewableServerCredentials {
  return new RenewableServerCredentials(own, undefined);
}

/** Mutual TLS: only peers with a certificate of `authority` (PEM) come in. */
export function mutualTlsServerCredentials(own: KeyAndCertificate, authority: string): RenewableServerCredentials {
  return new RenewableServerCredentials(own, authority);
}

/** Server credentials whose certificate may be replaced while the server runs: connections made from then on see the new one. */
export class RenewableServerCredentials extends ServerCredentials {
  readonly #authority: string | undefined;

  constructor(own: KeyAndCertificate, authority: string | undefined) {
    super({ requestCert: authority !== undefined, rejectUnauthorized: authority !== undefined }, contextOptions(own, authority));
    this.#authority = authority;
  }

  /** Shows this certificate from now on. */
  renew(own: KeyAndCertificate): void {
    this.updateSecureContextOptions(contextOptions(own, this.#authority));
  }

  override _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}

/**
 * TLS towards a service at `host`, whose certificate `authority` (PEM) has issued for that host.
 * The host is checked here and not by grpc-js, which cannot put an IP address into the handshake.
 * Throws AUTHORITY_INVALID: TLS itself would take rubbish for an authority that has issued nothing.
 */
export function tlsChannelCredentials(authority: string, host: string): ChannelCredentials {
  assertAuthority(authority);
  return credentials.createSsl(Buffer.from(authority), null, null, {
    checkServerIdentity: (_serverName: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate),
  });
}

/** Looks at the certificate of whoever answers a dial; an error refuses it before anything is sent. */
export type CertificateCheck = (certificate: PeerCertificate) => Error | undefined;

/** Mutual TLS towards peers of one authority; one TLS context serves all dials until the certificate is renewed. */
export function mutualTlsDialler(own: KeyAndCertificate, authority: string): (check: CertificateCheck) => ChannelCredentials {
  const context = createSecureContext(contextOptions(own, authority));
  return (check) =>
    credentials.createFromSecureContext(context, {
      checkServerIdentity: (_serverName: string, certificate: PeerCertificate) => check(certificate),
    });
}

/** Mutual TLS towards one peer; `check` decides by its certificate whether it is the one meant. */
export function mutualTlsChannelCredentials(own: KeyAndCertificate, authority: string, check: CertificateCheck): ChannelCredentials {
  return mutualTlsDialler(own, authority)(check);
}

/** Throws AUTHORITY_INVALID when `authority` holds no certificate in PEM. */
export function assertAuthority(authority: string): void {
  try {
    new X509Certificate(authority);
  } catch (cause) {
    throw new OverlayError('AUTHORITY_INVALID', 'what was given as the certificate of the authority is none', {}, { cause });
  }
}

function contextOptions(own: KeyAndCertificate, authority: string | undefined): SecureContextOptions {
  return { key: own.key, cert: own.certificate, minVersion: 'TLSv1.2', ...(authority === undefined ? {} : { ca: authority }) };
}
