import { Metadata, type CallOptions, type Client, type ClientUnaryCall, type Interceptor, type ServiceError } from '@grpc/grpc-js';
import { CHANNEL_OPTIONS, hostOf, mutualTlsChannelCredentials, parseStatus, serverName, type ClientConstructor } from '@banyan/grpc';
import { peerFromCertificate, type Credentials, type Role } from '@banyan/identity';

/** How long a unary call may take when nothing is said, ms. */
const UNARY_TIMEOUT_MS = 10_000;

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

/** A client of a service of the overlay over mutual TLS. */
export function createPeerClient<C extends Client>(constructor: ClientConstructor<C>, target: PeerTarget): C {
  const { address, credentials, role, interceptors = [] } = target;
  const channel = mutualTlsChannelCredentials(credentials, credentials.authority, (certificate) =>
    peerFromCertificate(certificate.raw)?.role === role ? undefined : new Error(`another member than the ${role} service answers at ${address}`),
  );
  return new constructor(address, channel, { ...CHANNEL_OPTIONS, ...serverName(hostOf(address)), interceptors: [...interceptors] });
}

/** A unary method of a generated client. */
export type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/** One unary call with a deadline. Rejects with OverlayError. `method` is bound to its client. */
export function callUnary<Request, Response>(method: UnaryMethod<Request, Response>, request: Request, timeoutMs: number = UNARY_TIMEOUT_MS): Promise<Response> {
  return new Promise((resolve, reject) => {
    method(request, new Metadata(), { deadline: Date.now() + timeoutMs }, (error, response) => (error === null ? resolve(response) : reject(parseStatus(error))));
  });
}
