import { Client, Metadata, Server, status as codes, type sendUnaryData, type ServerUnaryCall, type ServiceError } from '@grpc/grpc-js';
import { mintTestAuthority, type TestAuthority } from '@banyan/identity/testing';
import { auth } from '@banyan/proto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from './channel.ts';
import { mutualTlsChannelCredentials, tlsServerCredentials } from './credentials.ts';
import { currentTraceparent, observeClient, observeServer, type CallObserver } from './interceptors.ts';
import { listen } from './listen.ts';
import { OverlayError } from './overlay-error.ts';
import { parseStatus, toServiceError } from './status.ts';

let authority: TestAuthority;
const closing: (() => void)[] = [];

beforeAll(async () => {
  authority = await mintTestAuthority();
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Writes calls down; every span is the next of one trace. */
function noted(side: string, log: string[]): CallObserver {
  let spans = 0;
  return ({ method, parent }) => {
    log.push(`${side} begins ${method} below ${parent ?? 'nothing'}`);
    return { traceparent: `${side}-${++spans}`, end: (code) => log.push(`${side} ends ${code}`) };
  };
}

type Revoke = ServerUnaryCall<auth.RevokeRequest, auth.RevokeResponse>;

/** A service with one method, and a client of it. */
async function called(handler: (call: Revoke) => Promise<void>, log: string[], token?: string): Promise<{ client: auth.AuthServiceClient; server: Server; address: string; credentials: ReturnType<typeof tlsServerCredentials> }> {
  const credentials = tlsServerCredentials(await authority.issue());
  const server = new Server({ interceptors: [observeServer(noted('server', log))] });
  const { revoke } = auth.AuthServiceService;
  server.addService({ revoke } as never, {
    revoke: (call: Revoke, answer: sendUnaryData<auth.RevokeResponse>) => void handler(call).then(() => answer(null, {}), (error: unknown) => answer(toServiceError(error))),
  });
  const { address } = await listen(server, '127.0.0.1:0', credentials);
  const client = createClient(auth.AuthServiceClient, { address, authority: authority.pem, token: () => token, interceptors: [observeClient(noted('client', log))] });
  closing.push(() => client.close(), () => server.forceShutdown());
  return { client, server, address, credentials };
}

function revoke(client: auth.AuthServiceClient): Promise<auth.RevokeResponse> {
  return new Promise((resolve, reject) => client.revoke({ nodeId: new Uint8Array(16), reason: '' }, (error: ServiceError | null, response) => (error === null ? resolve(response) : reject(error))));
}

describe('observed calls', () => {
  it('are one trace from the client to the handler, also after it awaited', async () => {
    const log: string[] = [];
    let inHandler: string | undefined;
    const { client } = await called(async () => {
      await Promise.resolve();
      inHandler = currentTraceparent();
    }, log);
    await revoke(client);
    expect(log).toEqual(['client begins banyan.auth.v1.AuthService/Revoke below nothing', 'server begins banyan.auth.v1.AuthService/Revoke below client-1', 'server ends OK', 'client ends OK']);
    expect(inHandler).toBe('server-1');
    expect(currentTraceparent()).toBeUndefined();
  });

  it('end with the code of their error', async () => {
    const log: string[] = [];
    const { client } = await called(() => Promise.reject(new OverlayError('NODE_NOT_FOUND', 'who?')), log);
    const error = await revoke(client).catch(parseStatus);
    expect(error).toMatchObject({ reason: 'NODE_NOT_FOUND', message: 'who?' });
    expect(log.slice(2)).toEqual(['server ends NOT_FOUND', 'client ends NOT_FOUND']);
  });
});

describe('a client', () => {
  it('brings its token', async () => {
    let authorization: unknown;
    const { client } = await called((call) => Promise.resolve(void (authorization = call.metadata.get('authorization'))), [], 'abc');
    await revoke(client);
    expect(authorization).toEqual(['Bearer abc']);
  });

  it('waits no longer than the deadline of a unary call', async () => {
    const { address } = await called(() => new Promise(() => undefined), []);
    const client = createClient(auth.AuthServiceClient, { address, authority: authority.pem, unaryDeadlineMs: 50 });
    closing.push(() => client.close());
    expect(await revoke(client).catch(parseStatus)).toMatchObject({ reason: 'TIMEOUT' });
  });

  it('does not take rubbish for an authority', () => {
    expect(() => createClient(auth.AuthServiceClient, { address: '127.0.0.1:1', authority: 'rubbish' })).toThrow(expect.objectContaining({ reason: 'AUTHORITY_INVALID' }));
  });

  it('does not talk to a server of another authority, nor to one that is certified for another host', async () => {
    const stranger = await mintTestAuthority();
    const { address, credentials } = await called(() => Promise.resolve(), []);
    const distrustful = createClient(auth.AuthServiceClient, { address, authority: stranger.pem });
    closing.push(() => distrustful.close());
    expect(await revoke(distrustful).catch(parseStatus)).toMatchObject({ reason: 'CERTIFICATE_UNTRUSTED' });
    credentials.renew(await authority.issue({ addresses: ['elsewhere.example'] }));
    const client = createClient(auth.AuthServiceClient, { address, authority: authority.pem, options: { 'grpc.use_local_subchannel_pool': 1 } });
    closing.push(() => client.close());
    expect(await revoke(client).catch(parseStatus)).toMatchObject({ reason: 'CERTIFICATE_UNTRUSTED' });
  });
});

describe('a listener', () => {
  it('says when its port is taken', async () => {
    const { address } = await called(() => Promise.resolve(), []);
    await expect(listen(new Server(), address, tlsServerCredentials(await authority.issue()))).rejects.toMatchObject({ reason: 'PORT_TAKEN', metadata: { address } });
    await expect(listen(new Server(), '203.0.113.1:0', tlsServerCredentials(await authority.issue()))).rejects.toMatchObject({ reason: 'ADDRESS_UNAVAILABLE' });
  });

  it('shows a renewed certificate to whoever comes next', async () => {
    const { address, credentials } = await called(() => Promise.resolve(), []);
    const renewed = await authority.issue();
    credentials.renew(renewed);
    const client = new Client(address, mutualTlsChannelCredentials(renewed, authority.pem, (certificate) => (Buffer.from(renewed.certificateDer).equals(certificate.raw) ? undefined : new Error('old'))), { 'grpc.ssl_target_name_override': 'localhost', 'grpc.use_local_subchannel_pool': 1 });
    closing.push(() => client.close());
    const code = await new Promise<number>((resolve) => client.makeUnaryRequest('/nothing/here', (bytes: Buffer) => bytes, (bytes) => bytes, Buffer.alloc(0), new Metadata(), (error) => resolve(error?.code ?? codes.OK)));
    expect(code).toBe(codes.UNIMPLEMENTED);
  });
});
