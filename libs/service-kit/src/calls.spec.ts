import { credentials as channelCredentials, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, mutualTlsChannelCredentials, OverlayError, parseStatus, serverName } from '@banyan/grpc';
import { createTokenVerifier, fixedTokenKeys, type Credentials } from '@banyan/identity';
import { mintTestAuthority, type TestAuthority } from '@banyan/identity/testing';
import type { RunningService } from './start-service.ts';
import { startTestService } from './testing.ts';
import { ProbeClient } from './testing/probe-methods.ts';
import { probeService, seen } from './testing/probe-service.ts';

type Probe = InstanceType<typeof ProbeClient>;

let trust: TestAuthority;
let member: Credentials;
let service: RunningService;
const clients: Probe[] = [];

beforeAll(async () => {
  trust = await mintTestAuthority();
  member = await trust.issue();
  service = await startTestService(probeService(member, createTokenVerifier(fixedTokenKeys(trust.tokenKeys, trust.pem))));
});
afterAll(async () => {
  for (const client of clients) client.close();
  await service.stop();
});

function withToken(token?: string): Probe {
  const client = createClient(ProbeClient as never, { address: service.ready.addresses['api']!, authority: trust.pem, token: () => token }) as Probe;
  clients.push(client);
  return client;
}

function asPeer(): Probe {
  const address = service.ready.addresses['peer']!;
  const client = new ProbeClient(address, mutualTlsChannelCredentials(member, trust.pem, () => undefined), serverName('127.0.0.1'));
  clients.push(client);
  return client;
}

const unary = (client: Probe, method: string, request: object): Promise<Record<string, unknown>> =>
  new Promise((resolve, reject) => client[method]!(request, (error: ServiceError | null, response: Record<string, unknown>) => (error === null ? resolve(response) : reject(parseStatus(error)))));

const refusal = async (call: Promise<unknown>): Promise<Pick<OverlayError, 'reason' | 'metadata' | 'message'>> => {
  const error = await call.then(() => undefined, (caught: unknown) => caught);
  if (!(error instanceof OverlayError)) throw new Error('was not refused');
  return { reason: error.reason, metadata: error.metadata, message: error.message };
};

describe('a call with a token', () => {
  it('comes in with the scope and knows its caller', async () => {
    expect(await unary(withToken(await trust.token('alice', ['route'])), 'echo', { text: 'hi' })).toEqual({ text: 'hi', subject: 'alice' });
  });

  it('is refused by name without token, scope, or in time', async () => {
    const stranger = await (await mintTestAuthority()).token('alice', ['route']);
    expect(await refusal(unary(withToken(), 'echo', { text: 'hi' }))).toMatchObject({ reason: 'TOKEN_MISSING' });
    expect(await refusal(unary(withToken('rubbish'), 'echo', { text: 'hi' }))).toMatchObject({ reason: 'TOKEN_INVALID' });
    expect(await refusal(unary(withToken(stranger), 'echo', { text: 'hi' }))).toMatchObject({ reason: 'TOKEN_INVALID' });
    expect(await refusal(unary(withToken(await trust.token('alice', ['route'], -1_000)), 'echo', { text: 'hi' }))).toMatchObject({ reason: 'TOKEN_EXPIRED' });
    expect(await refusal(unary(withToken(await trust.token('alice', ['subscribe:a/*'])), 'echo', { text: 'hi' }))).toMatchObject({ reason: 'SCOPE_MISSING', metadata: { scope: 'route' } });
  });

  it('is refused with the wrong field, or the reason its schema names', async () => {
    const client = withToken(await trust.token('alice', ['route']));
    expect(await refusal(unary(client, 'echo', { text: 'too long' }))).toMatchObject({ reason: 'REQUEST_INVALID', metadata: { field: 'text' } });
    expect(await refusal(unary(client, 'echo', {}))).toMatchObject({ reason: 'REQUEST_INVALID', metadata: { field: 'text' } });
  });

  it('is answered with reason and facts when the handler refuses, with nothing but INTERNAL when it is broken', async () => {
    const client = withToken(await trust.token('alice', ['route']));
    expect(await refusal(unary(client, 'echo', { text: 'own' }))).toMatchObject({ reason: 'NOT_READY', message: 'not in the ring', metadata: { state: 'joining' } });
    const fault = await refusal(unary(client, 'echo', { text: 'fault' }));
    expect(fault.reason).toBe('INTERNAL');
    expect(fault.message).not.toContain('secret');
  });

  it('does not open what is for peers', async () => {
    const client = withToken(await trust.token('alice', ['admin']));
    const answered = new Promise((resolve, reject) => {
      const call = client['sum']!((error: ServiceError | null, response: unknown) => (error === null ? resolve(response) : reject(parseStatus(error))));
      call.end();
    });
    expect(await refusal(answered)).toMatchObject({ reason: 'CERTIFICATE_MISSING' });
  });
});

describe('a stream', () => {
  it('is held back while nobody reads', async () => {
    const call = withToken(await trust.token('alice', ['subscribe:news/*']))['count']!({ text: 'news/today' });
    await new Promise<void>((resolve) => call.once('data', () => (call.pause(), resolve())));
    // The writer goes on until the window is full; then it stands still.
    let last = -1;
    while (last !== seen.written) {
      last = seen.written;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(seen.written).toBeLessThan(200);
    call.cancel();
    await new Promise((resolve) => call.once('error', resolve));
  });

  it('asks for the scope of the group it is for', async () => {
    const call = withToken(await trust.token('alice', ['subscribe:news/*']))['count']!({ text: 'sport/today' });
    const error = await new Promise((resolve) => call.once('error', resolve));
    expect(parseStatus(error)).toMatchObject({ reason: 'SCOPE_MISSING', metadata: { scope: 'subscribe:sport/today' } });
  });

  it('of requests gets one response, or the refusal of its handler', async () => {
    const sum = (values: readonly number[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const call = asPeer()['sum']!((error: ServiceError | null, response: unknown) => (error === null ? resolve(response) : reject(parseStatus(error))));
        for (const value of values) call.write({ value });
        call.end();
      });
    expect(await sum([1, 2, 3])).toEqual({ total: 6 });
    expect(await refusal(sum([1, -2]))).toMatchObject({ reason: 'REQUEST_INVALID', metadata: { field: 'value' } });
  });

  it('both ways answers until the client ends it, or ends with a status', async () => {
    const call = asPeer()['mirror']!();
    call.write({ text: 'a' });
    const [first] = await new Promise<[unknown]>((resolve) => call.once('data', (message: unknown) => resolve([message])));
    expect(first).toEqual({ text: 'a' });
    call.write({ text: 'own' });
    const error = await new Promise((resolve) => call.once('error', resolve));
    expect(parseStatus(error)).toMatchObject({ reason: 'NO_QUORUM' });
  });

  it('of a stranger is refused at the handshake of the peer listener', async () => {
    const outsider = await (await mintTestAuthority()).issue();
    const client = new ProbeClient(service.ready.addresses['peer']!, mutualTlsChannelCredentials(outsider, trust.pem, () => undefined), serverName('127.0.0.1'));
    clients.push(client);
    expect(await refusal(unary(client, 'echo', { text: 'hi' }))).toMatchObject({ reason: 'UNREACHABLE' });
  });

  it('is told STOPPING when the service stops', async () => {
    const other = await startTestService(probeService(member, createTokenVerifier(fixedTokenKeys(trust.tokenKeys, trust.pem))));
    const client = new ProbeClient(other.ready.addresses['peer']!, mutualTlsChannelCredentials(member, trust.pem, () => undefined), serverName('127.0.0.1'));
    const call = client['mirror']!();
    call.write({ text: 'a' });
    await new Promise((resolve) => call.once('data', resolve));
    const ended = new Promise((resolve) => call.once('error', resolve));
    await Promise.all([other.stop(), other.stop()]);
    expect(parseStatus(await ended)).toMatchObject({ reason: 'STOPPING' });
    client.close();
  });
});

describe('a channel without TLS', () => {
  it('finds nobody', async () => {
    const client = new ProbeClient(service.ready.addresses['api']!, channelCredentials.createInsecure());
    clients.push(client);
    expect(await refusal(unary(client, 'echo', { text: 'hi' }))).toMatchObject({ reason: 'UNREACHABLE' });
  });
});
