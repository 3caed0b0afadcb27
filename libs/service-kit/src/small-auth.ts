// An auth service as small as membership allows, over the real authority: for the specs of those who are members.
import { Server, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { listen, mutualTlsServerCredentials, OverlayError, tlsServerCredentials, toServiceError } from '@banyan/grpc';
import { idToBytes, type Id } from '@banyan/ids';
import { drawSalt, nodeId, provesPossession, publicKeyFromSpki, readCertificateRequest, type EnrolledRole } from '@banyan/identity';
import type { TestAuthority } from '@banyan/identity/testing';
import { auth } from '@banyan/proto';

const ROLES: Readonly<Record<number, EnrolledRole>> = { [auth.Role.NODE]: 'node', [auth.Role.BOOTSTRAP]: 'bootstrap', [auth.Role.BUILDER]: 'builder' };

/** An auth service that enrolls whoever brings `enrolmentToken`, and tells its peers whom a spec has revoked. */
export async function startSmallAuth(trust: TestAuthority, enrolmentToken: string, address = '127.0.0.1:0') {
  const [server, peerServer] = [new Server(), new Server()];
  const revoked: Id[] = [];
  let enrolments = 0;
  const check = (token: string): void => {
    if (token !== enrolmentToken) throw new OverlayError('ENROLMENT_TOKEN_INVALID', 'the enrolment token is unknown');
  };
  server.addService(
    { begin: auth.AuthServiceService.beginEnrolment, enroll: auth.AuthServiceService.enroll },
    {
      begin: answer(async (request: auth.BeginEnrolmentRequest): Promise<auth.BeginEnrolmentResponse> => {
        check(request.enrolmentToken);
        const salt = drawSalt();
        return { salt: Buffer.from(salt), nodeId: Buffer.from(nodeId(request.publicKey, salt), 'hex') };
      }),
      enroll: answer(async (request: auth.EnrollRequest): Promise<auth.EnrollResponse> => {
        check(request.enrolmentToken);
        const publicKey = (await readCertificateRequest(request.certificateRequest)) ?? new Uint8Array();
        const key = publicKeyFromSpki(publicKey);
        if (key === undefined || !provesPossession(key, request.salt, request.possession)) throw new OverlayError('POSSESSION_NOT_PROVEN', 'the salt is not signed');
        const id = nodeId(publicKey, request.salt);
        const { der, notAfter } = await trust.authority.issue({ id, salt: request.salt, role: ROLES[request.role] ?? 'node', addresses: request.addresses, publicKey, now: Date.now() });
        enrolments += 1;
        return { certificate: Buffer.from(der), authority: Buffer.from(trust.authority.der), nodeId: Buffer.from(id, 'hex'), expiresAtMs: BigInt(notAfter) };
      }),
    },
  );
  peerServer.addService({ listRevoked: auth.AuthServiceService.listRevoked }, { listRevoked: answer(() => Promise.resolve<auth.ListRevokedResponse>({ nodeIds: revoked.map(idToBytes) })) });
  const own = await trust.issue({ role: 'auth' });
  const { address: bound } = await listen(server, address, tlsServerCredentials(own));
  const { address: peerAddress } = await listen(peerServer, '127.0.0.1:0', mutualTlsServerCredentials(own, own.authority));
  const stop = (): void => [server, peerServer].forEach((each) => each.forceShutdown());
  return { address: bound, peerAddress, enrolments: () => enrolments, revoke: (id: Id) => void revoked.push(id), stop };
}

function answer<Request, Response>(handle: (request: Request) => Promise<Response>) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
    handle(call.request).then((response) => callback(null, response), (error: unknown) => callback(toServiceError(error)));
  };
}
