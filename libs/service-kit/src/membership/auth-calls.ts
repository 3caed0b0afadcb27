// The calls of the auth service, in the words of libs/identity.
import type { Client } from '@grpc/grpc-js';
import { callUnary, createClient } from '@banyan/grpc';
import type { Credentials, EnrolledRole, EnrolmentClient, RenewalClient } from '@banyan/identity';
import { auth } from '@banyan/proto';
import { createPeerClient } from './peer-client.ts';

const ROLES: Readonly<Record<EnrolledRole, auth.Role>> = {
  node: auth.Role.NODE,
  bootstrap: auth.Role.BOOTSTRAP,
  builder: auth.Role.BUILDER,
};

/** Does `work` with the auth service at its API address. Rejects with OverlayError. */
export function withEnrolmentClient<Result>(address: string, authority: string, work: (client: EnrolmentClient) => Promise<Result>): Promise<Result> {
  const client = createClient(auth.AuthServiceClient, { address, authority });
  const calls: EnrolmentClient = {
    begin: (request) => callUnary(client.beginEnrolment.bind(client), request),
    enroll: (request) => callUnary(client.enroll.bind(client), { ...request, addresses: [...request.addresses], role: ROLES[request.role] }),
  };
  return closing(client, work(calls));
}

/** Does `work` with the auth service at its peer address, as the holder of `credentials`. Rejects with OverlayError. */
export function withRenewalClient<Result>(address: string, credentials: Credentials, work: (client: RenewalClient) => Promise<Result>): Promise<Result> {
  const client = createPeerClient(auth.AuthServiceClient, { address, credentials, role: 'auth' });
  return closing(client, work({ renew: (request) => callUnary(client.renew.bind(client), { ...request, addresses: [...request.addresses] }) }));
}

async function closing<Result>(client: Client, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } finally {
    client.close();
  }
}
