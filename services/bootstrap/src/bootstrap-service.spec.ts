import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callUnary } from '@banyan/grpc';
import { idToBytes } from '@banyan/ids';
import type { Credentials } from '@banyan/identity';
import { mintTestAuthority } from '@banyan/identity/testing';
import type { bootstrap, overlay } from '@banyan/proto';
import { provisionMember, startSmallAuth, startTestService, sweepDirectories } from '@banyan/service-kit/testing';
import { bootstrapService } from './bootstrap-service.ts';
import { RunningBootstrap } from './testing/running-bootstrap.ts';

let running: RunningBootstrap;

beforeAll(async () => {
  running = await RunningBootstrap.start('--lease-ms', '5000');
});
afterAll(async () => {
  await running.stop();
  sweepDirectories();
});

describe('Register, Heartbeat, List, Deregister', () => {
  it('take a node through its life on the list', async () => {
    const member = await running.trust.issue();
    const client = running.peerClient(member);
    const node = nodeOf(member, { region: 'here' });
    expect(await callUnary(client.register.bind(client), { node, load: 0.5 })).toEqual({ leaseMs: 5_000 });
    expect(await listedBy(client, { includeJoining: true })).toContain(member.identity.id);
    expect(await listedBy(client)).not.toContain(member.identity.id);
    expect(await callUnary(client.heartbeat.bind(client), beatOf(member))).toEqual({ leaseMs: 5_000 });
    const { supernodes } = await callUnary(client.list.bind(client), { region: 'here', limit: 1, includeJoining: false });
    expect(supernodes).toMatchObject([{ node: { ...node, id: Buffer.from(node.id) }, load: 0.25, ready: true }]);
    expect(supernodes[0]?.ageMs).toBeLessThan(5_000);
    await callUnary(client.deregister.bind(client), { nodeId: node.id });
    expect(await listedBy(client, { includeJoining: true })).not.toContain(member.identity.id);
  });

  it('let a later life of a node replace an earlier one, not the other way', async () => {
    const member = await running.trust.issue();
    const client = running.peerClient(member);
    await callUnary(client.register.bind(client), { node: nodeOf(member, { incarnation: 7n }), load: 0 });
    await callUnary(client.register.bind(client), { node: nodeOf(member, { incarnation: 8n }), load: 0 });
    expect(await reasonOf(callUnary(client.register.bind(client), { node: nodeOf(member, { incarnation: 7n }), load: 0 }))).toBe('REQUEST_INVALID');
    expect(await reasonOf(callUnary(client.heartbeat.bind(client), beatOf(member, { incarnation: 7n })))).toBe('NOT_REGISTERED');
  });
});

it('drops a node whose certificate was revoked, and does not let it in again', async () => {
  const place = await provisionMember('bootstrap');
  const auth = await startSmallAuth(place.trust, 'nobody enrolls here');
  const service = await RunningBootstrap.at(place, '--auth-peer-address', auth.peerAddress, '--revocation-look-ms', '100');
  const [lost, kept] = [await place.trust.issue(), await place.trust.issue()];
  const [client, other] = [service.peerClient(lost), service.peerClient(kept)];
  for (const [caller, member] of [[client, lost], [other, kept]] as const) await callUnary(caller.register.bind(caller), { node: nodeOf(member), load: 0 });
  auth.revoke(lost.identity.id);
  await expect.poll(() => listedBy(other, { includeJoining: true })).toEqual([kept.identity.id]);
  expect(await reasonOf(callUnary(client.register.bind(client), { node: nodeOf(lost), load: 0 }))).toBe('CERTIFICATE_REVOKED');
  expect(await reasonOf(callUnary(client.heartbeat.bind(client), beatOf(lost)))).toBe('CERTIFICATE_REVOKED');
  expect(await reasonOf(listedBy(client))).toBe('CERTIFICATE_REVOKED');
  await service.stop();
  auth.stop();
});

describe('calls are refused', () => {
  it('NOT_YOURSELF for the id of another, and for a member that is no node', async () => {
    const [member, other, builder] = [await running.trust.issue(), await running.trust.issue(), await running.trust.issue({ role: 'builder' })];
    const client = running.peerClient(member);
    expect(await reasonOf(callUnary(client.register.bind(client), { node: nodeOf(other), load: 0 }))).toBe('NOT_YOURSELF');
    expect(await reasonOf(callUnary(client.heartbeat.bind(client), beatOf(other)))).toBe('NOT_YOURSELF');
    expect(await reasonOf(callUnary(client.deregister.bind(client), { nodeId: idToBytes(other.identity.id) }))).toBe('NOT_YOURSELF');
    const asBuilder = running.peerClient(builder);
    expect(await reasonOf(callUnary(asBuilder.register.bind(asBuilder), { node: nodeOf(builder), load: 0 }))).toBe('NOT_YOURSELF');
  });

  it('NOT_REGISTERED for a heartbeat of a node that never entered', async () => {
    const member = await running.trust.issue();
    const client = running.peerClient(member);
    expect(await reasonOf(callUnary(client.heartbeat.bind(client), beatOf(member)))).toBe('NOT_REGISTERED');
  });

  it('REQUEST_INVALID with the field', async () => {
    const member = await running.trust.issue();
    const client = running.peerClient(member);
    const register = (change: Partial<overlay.Node>, load = 0) => callUnary(client.register.bind(client), { node: { ...nodeOf(member), ...change }, load });
    await expect(register({ id: Buffer.alloc(3) })).rejects.toMatchObject({ reason: 'REQUEST_INVALID', metadata: { field: 'node.id' } });
    await expect(register({ controlAddress: 'nowhere' })).rejects.toMatchObject({ metadata: { field: 'node.controlAddress' } });
    await expect(register({ apiAddress: '' })).rejects.toMatchObject({ metadata: { field: 'node.apiAddress' } });
    await expect(register({ region: 'x'.repeat(65) })).rejects.toMatchObject({ metadata: { field: 'node.region' } });
    await expect(register({ capacity: 0 })).rejects.toMatchObject({ metadata: { field: 'node.capacity' } });
    await expect(register({}, 1.5)).rejects.toMatchObject({ metadata: { field: 'load' } });
    await expect(callUnary(client.register.bind(client), { node: undefined, load: 0 })).rejects.toMatchObject({ metadata: { field: 'node' } });
    await expect(callUnary(client.heartbeat.bind(client), { ...beatOf(member), nodeId: Buffer.alloc(3) })).rejects.toMatchObject({ metadata: { field: 'nodeId' } });
    await expect(callUnary(client.deregister.bind(client), { nodeId: Buffer.alloc(3) })).rejects.toMatchObject({ metadata: { field: 'nodeId' } });
    await expect(callUnary(client.list.bind(client), { region: '', limit: 201, includeJoining: false })).rejects.toMatchObject({ metadata: { field: 'limit' } });
  });

  it('at the API without a certificate, but for List with any token', async () => {
    const member = await running.trust.issue();
    const client = running.client(await running.trust.token('ann', ['route']));
    expect(await listedBy(client)).toEqual(expect.any(Array));
    expect(await reasonOf(callUnary(client.register.bind(client), { node: nodeOf(member), load: 0 }))).toBe('CERTIFICATE_MISSING');
    expect(await reasonOf(callUnary(client.heartbeat.bind(client), beatOf(member)))).toBe('CERTIFICATE_MISSING');
    expect(await reasonOf(callUnary(client.deregister.bind(client), { nodeId: idToBytes(member.identity.id) }))).toBe('CERTIFICATE_MISSING');
    expect(await reasonOf(listedBy(running.client()))).toBe('TOKEN_MISSING');
    expect(await reasonOf(listedBy(running.client(await running.trust.token('ann', ['route'], -60_000))))).toBe('TOKEN_EXPIRED');
    expect(await reasonOf(listedBy(running.client(await (await mintTestAuthority()).token('ann', ['route']))))).toBe('TOKEN_INVALID');
  });

  it('at the peer listener by TLS itself, for a certificate of another overlay', async () => {
    const stranger = running.peerClient({ ...(await (await mintTestAuthority()).issue()), authority: running.trust.pem });
    expect(await reasonOf(listedBy(stranger))).toBe('UNREACHABLE');
  });
});

it.each(['/livez', '/readyz', '/startupz', '/metrics'])('answers %s', async (path) => {
  await request(`http://${running.addresses.admin}`).get(path).expect(200);
});

describe('a start', () => {
  it('comes up again as the same member, with auth away', async () => {
    const first = await RunningBootstrap.start();
    await first.stop();
    const second = await startTestService(bootstrapService, { flags: first.flags });
    await second.stop();
  });

  it('is refused in a directory that is taken, and with unknown or missing settings', async () => {
    await expect(startTestService(bootstrapService, { flags: running.flags })).rejects.toMatchObject({ reason: 'DATA_DIR_LOCKED' });
    await expect(startTestService(bootstrapService, { flags: [...running.flags, '--colour', 'green'] })).rejects.toThrow('colour');
    await expect(startTestService(bootstrapService)).rejects.toThrow('--authority-file');
  });
});

function nodeOf({ identity }: Credentials, change: Partial<overlay.Node> = {}): overlay.Node {
  const addresses = { controlAddress: '127.0.0.1:1', dataAddress: '127.0.0.1:2', apiAddress: '127.0.0.1:3' };
  return { id: idToBytes(identity.id), incarnation: 1n, region: '', zone: '', capacity: 8, ...addresses, ...change };
}

function beatOf({ identity }: Credentials, change: Partial<bootstrap.HeartbeatRequest> = {}): bootstrap.HeartbeatRequest {
  return { nodeId: idToBytes(identity.id), incarnation: 1n, load: 0.25, ready: true, ...change };
}

async function listedBy(client: bootstrap.BootstrapServiceClient, change: Partial<bootstrap.ListRequest> = {}): Promise<readonly string[]> {
  const { supernodes } = await callUnary(client.list.bind(client), { region: '', limit: 0, includeJoining: false, ...change });
  return supernodes.map(({ node }) => Buffer.from(node?.id ?? []).toString('hex'));
}

function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'was not refused',
    (error: unknown) => (error as { readonly reason?: unknown }).reason ?? error,
  );
}
