import type { Client, Interceptor } from '@grpc/grpc-js';
import { CHANNEL_OPTIONS, hostOf, mutualTlsChannelCredentials, serverName, unaryDeadline, type ClientConstructor } from '@banyan/grpc';
import { peerFromCertificate, type Credentials, type Role } from '@banyan/identity';

/** Which service is meant, and who asks. */
export interface PeerTarget {
  /** `host:port` of its peer listener. */
  readonly address: string;
  /** Our own credentials. */
  readonly credentials: Credentials;
  /** The role its certificate must show: another member at that address is not answered. */
  readonly role: Role;
  readonly interceptors?: readonly Interceptor[];
}

/** A client of a service of the overlay over mutual TLS, with a deadline on every unary call. */
export function createPeerClient<C extends Client>(constructor: ClientConstructor<C>, target: PeerTarget): C {
  const { address, credentials, role, interceptors = [] } = target;
  const channel = mutualTlsChannelCredentials(credentials, credentials.authority, (certificate) =>
    peerFromCertificate(certificate.raw)?.role === role ? undefined : new Error(`another member than the ${role} service answers at ${address}`),
  );
  return new constructor(address, channel, { ...CHANNEL_OPTIONS, ...serverName(hostOf(address)), interceptors: [...interceptors, unaryDeadline()] });
}
