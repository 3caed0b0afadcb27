import { once } from 'node:events';
import type { ClientReadableStream } from '@grpc/grpc-js';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { idToBytes } from '@banyan/ids';
import { callUnary, parseStatus } from '@banyan/grpc';
import { DescriptorVerifier, groupKey, type Credentials } from '@banyan/identity';
import { mintTestAuthority } from '@banyan/identity/testing';
import { multicast, type builder } from '@banyan/proto';
import { startTestService, sweepDirectories } from '@banyan/service-kit/testing';
import { builderService } from './builder-service.ts';
import { nodeOf, placeOf, reportOf } from './testing/places.ts';
import { RunningBuilder } from './testing/running-builder.ts';

type Client = builder.TreeBuilderServiceClient;

let running: RunningBuilder;
let ann: Client;
let admin: Client;
let member: Credentials;
let peer: Client;

beforeAll(async () => {
  running = await RunningBuilder.start();
  ann = await clientOf('ann', ['publish:ann/*', 'subscribe:ann/*']);
  admin = await clientOf('admin', ['admin']);
  member = await running.trust.issue();
  peer = running.peerClient(member);
});
afterAll(async () => {
  await running.stop();
  sweepDirectories();
});

describe('CreateGroup', () => {
  it('gives a descriptor that every node can check alone, with defaults', async () => {
    const { descriptor } = await create(ann, { name: 'defaults' });
    const signed = descriptor!;
    expect(new DescriptorVerifier(running.trust.pem).verify(signed)).toMatchObject({ type: 'verified', signer: { role: 'builder' } });
    expect(multicast.GroupDescriptor.decode(signed.descriptor)).toMatchObject({
      name: 'ann/defaults',
      owner: 'ann',
      key: Buffer.from(idToBytes(groupKey('ann/defaults'))),
      delivery: multicast.Delivery.RELIABLE,
      retentionBytes: 64n << 20n,
      retentionMs: 60_000n,
      fanOutMax: 8,
      publishers: ['*'],
      subscribers: ['*'],
    });
  });

  it('lets an administrator create for others', async () => {
    const { descriptor } = await create(admin, { name: 'bob/news', delivery: multicast.Delivery.ORDERED, publishers: ['bob', 'bob'], stripes: 4 });
    expect(multicast.GroupDescriptor.decode(descriptor!.descriptor)).toMatchObject({ owner: 'bob', delivery: multicast.Delivery.ORDERED, publishers: ['bob'], stripes: 4 });
  });

  it('is refused by name', async () => {
    await create(ann, { name: 'taken' });
    expect(await reasonOf(create(ann, { name: 'ann/taken' }))).toBe('GROUP_EXISTS');
    for (const name of ['', 'ann/*', 'ann//x', 'ann/Ä', '../x']) expect(await reasonOf(create(ann, { name }))).toBe('GROUP_NAME_INVALID');
    expect(await reasonOf(create(ann, { name: 'bob/x' }))).toBe('SCOPE_MISSING');
    expect(await reasonOf(create(await clientOf('ann', ['publish:*']), { name: 'bob/x' }))).toBe('NOT_OWNER');
    expect(await reasonOf(create(await clientOf('ann', ['subscribe:*', 'route']), { name: 'ann/x' }))).toBe('SCOPE_MISSING');
    expect(await reasonOf(create(running.client(), { name: 'ann/x' }))).toBe('TOKEN_MISSING');
    expect(await reasonOf(create(peer, { name: 'ann/x' }))).toBe('TOKEN_MISSING');
  });

  it('is refused with the field', async () => {
    const wrong = { retentionBytes: 1n << 60n, retentionMs: 1n << 60n, fanOutMax: 5_000, delivery: 9 as never, publishers: ['A b'], subscribers: [''] };
    for (const [field, value] of Object.entries(wrong)) {
      await expect(create(ann, { name: 'ann/odd', [field]: value })).rejects.toMatchObject({ reason: 'REQUEST_INVALID', metadata: { field: expect.stringContaining(field) as string } });
    }
  });
});

describe('DescribeGroup', () => {
  it('knows a group by name and by key, for clients and members', async () => {
    const { descriptor } = await create(ann, { name: 'known' });
    const key = idToBytes(groupKey('ann/known'));
    for (const client of [ann, admin, peer]) {
      expect((await describeGroup(client, { $case: 'name', value: 'ann/known' })).descriptor).toEqual(descriptor);
      expect((await describeGroup(client, { $case: 'key', value: key })).descriptor).toEqual(descriptor);
    }
    expect((await describeGroup(ann, { $case: 'name', value: 'known' })).descriptor).toEqual(descriptor);
  });

  it('is refused by name', async () => {
    const bob = await clientOf('bob', ['subscribe:bob/*']);
    await create(ann, { name: 'private' });
    expect(await reasonOf(describeGroup(ann, { $case: 'name', value: 'ann/unknown' }))).toBe('GROUP_NOT_FOUND');
    expect(await reasonOf(describeGroup(peer, { $case: 'key', value: Buffer.alloc(16) }))).toBe('GROUP_NOT_FOUND');
    expect(await reasonOf(describeGroup(bob, { $case: 'name', value: 'ann/private' }))).toBe('SCOPE_MISSING');
    expect(await reasonOf(describeGroup(bob, { $case: 'key', value: idToBytes(groupKey('ann/private')) }))).toBe('SCOPE_MISSING');
    expect(await reasonOf(describeGroup(bob, { $case: 'key', value: Buffer.alloc(3) }))).toBe('REQUEST_INVALID');
    expect(await reasonOf(describeGroup(bob, undefined))).toBe('REQUEST_INVALID');
    expect(await reasonOf(describeGroup(running.client(), { $case: 'name', value: 'ann/private' }))).toBe('TOKEN_MISSING');
  });
});

describe('ListGroups', () => {
  it('tells by pages what the caller may see', async () => {
    const carol = await clientOf('carol', ['publish:carol/*']);
    for (const name of ['one', 'two', 'three']) await create(carol, { name });
    const first = await list(carol, { pageSize: 2 });
    expect(first.groups.map(({ name }) => name)).toEqual(['carol/one', 'carol/three']);
    const second = await list(carol, { pageSize: 2, pageToken: first.nextPageToken });
    expect(second).toMatchObject({ groups: [{ name: 'carol/two' }], nextPageToken: '' });
    expect((await list(peer, { prefix: 'carol/t' })).groups.map(({ name }) => name)).toEqual(['carol/three', 'carol/two']);
    expect((await list(await clientOf('dave', ['route']))).groups).toEqual([]);
  });

  it('is refused by name', async () => {
    expect(await reasonOf(list(ann, { pageToken: 'rubbish' }))).toBe('PAGE_TOKEN_INVALID');
    expect(await reasonOf(list(ann, { pageSize: 1_001 }))).toBe('REQUEST_INVALID');
  });
});

describe('DeleteGroup', () => {
  it('lets owner and administrators; members are told, clients find nothing', async () => {
    await create(ann, { name: 'going' });
    await remove(ann, 'going');
    expect(await reasonOf(describeGroup(ann, { $case: 'name', value: 'ann/going' }))).toBe('GROUP_NOT_FOUND');
    const { descriptor } = await describeGroup(peer, { $case: 'key', value: idToBytes(groupKey('ann/going')) });
    expect(multicast.GroupDescriptor.decode(descriptor!.descriptor)).toMatchObject({ deleted: true, version: 2n });
    await create(ann, { name: 'going' });
    await remove(admin, 'ann/going');
  });

  it('is refused by name', async () => {
    await create(ann, { name: 'staying' });
    expect(await reasonOf(remove(await clientOf('bob', ['publish:*']), 'ann/staying'))).toBe('NOT_OWNER');
    expect(await reasonOf(remove(ann, 'ann/unknown'))).toBe('GROUP_NOT_FOUND');
    expect(await reasonOf(remove(ann, 'ann/*'))).toBe('GROUP_NAME_INVALID');
    expect(await reasonOf(remove(running.client(), 'ann/staying'))).toBe('TOKEN_MISSING');
  });
});

describe('WatchGroups', () => {
  it('tells the groups that a pattern means and the caller may read, then those that come and go', async () => {
    const names = ({ groups }: builder.WatchGroupsResponse): string[] => groups.map(({ descriptor }) => multicast.GroupDescriptor.decode(descriptor).name);
    const wild = await clientOf('wild', ['publish:wild/*', 'subscribe:wild/*']);
    await create(wild, { name: 'wild/a' });
    await create(wild, { name: 'wild/a/deep' });
    const [flat, deep, stranger] = [wild.watchGroups({ pattern: 'wild/*' }), wild.watchGroups({ pattern: 'wild/>' }), ann.watchGroups({ pattern: 'wild/>' })];
    expect(names(await next(flat))).toEqual(['wild/a']);
    expect(names(await next(deep))).toEqual(['wild/a', 'wild/a/deep']);
    expect(await next(stranger)).toEqual({ groups: [], gone: [] });
    await create(wild, { name: 'wild/b' });
    expect(names(await next(flat))).toEqual(['wild/b']);
    await remove(wild, 'wild/a');
    expect(await next(flat)).toEqual({ groups: [], gone: ['wild/a'] });
    for (const call of [flat, deep, stranger]) {
      call.cancel();
      await once(call, 'error');
    }
  });

  it('is refused for what is no pattern', async () => {
    await expect(next(ann.watchGroups({ pattern: '*/news' }))).rejects.toMatchObject({ reason: 'GROUP_PATTERN_INVALID' });
  });
});

describe('ReportPlaces and WatchTree', () => {
  it('make a live picture', async () => {
    await create(ann, { name: 'live' });
    const watching = ann.watchTree({ group: 'live' });
    expect((await next(watching)).places).toEqual([]);
    const { call, answered } = reports(peer);
    call.write(reportOf(nodeOf(member.identity.id), { places: [placeOf({ group: 'ann/live', role: multicast.Role.ROOT, subscribers: 3 })] }));
    const picture = await next(watching);
    expect(picture.places).toMatchObject([{ group: 'ann/live', role: multicast.Role.ROOT, subscribers: 3, node: { apiAddress: '127.0.0.1:3' } }]);
    expect(Number(picture.atMs)).toBeGreaterThan(1e12);
    expect(await describeGroup(ann, { $case: 'name', value: 'ann/live' })).toMatchObject({ nodes: 1, subscribers: 3 });
    call.write(reportOf(nodeOf(member.identity.id), { left: [idToBytes(groupKey('ann/live'))] }));
    expect((await next(watching)).places).toEqual([]);
    call.end();
    expect(await answered).toEqual({});
    watching.cancel();
    await once(watching, 'error');
  });

  it('refuse reports for others, by members that are no nodes, by clients, and malformed ones', async () => {
    const refused = async (client: Client, report: builder.ReportPlacesRequest): Promise<unknown> => {
      const { call, answered } = reports(client);
      call.write(report);
      return reasonOf(answered);
    };
    const other = await running.trust.issue({ role: 'bootstrap' });
    const own = reportOf(nodeOf(member.identity.id));
    expect(await refused(peer, { ...own, node: nodeOf(other.identity.id) })).toBe('NOT_YOURSELF');
    expect(await refused(running.peerClient(other), { ...own, node: nodeOf(other.identity.id) })).toBe('NOT_YOURSELF');
    expect(await refused(peer, { ...own, node: undefined })).toBe('REQUEST_INVALID');
    expect(await refused(peer, { ...own, left: [Buffer.alloc(3)] })).toBe('REQUEST_INVALID');
    expect(await refused(peer, { ...own, places: [placeOf({ parent: { ...nodeOf(member.identity.id), id: Buffer.alloc(1) } })] })).toBe('REQUEST_INVALID');
    expect(await refused(peer, { ...own, at: { x: 1e9, y: 0, height: 0, error: 0 } })).toBe('REQUEST_INVALID');
    expect(await refused(peer, { ...own, measured: [{ node: Buffer.alloc(16), roundTripMs: Number.NaN }] })).toBe('REQUEST_INVALID');
    expect(await refused(admin, own)).toBe('CERTIFICATE_MISSING');
  });

  it('refuse watchers by name', async () => {
    await create(ann, { name: 'watched' });
    const watch = (client: Client, group: string) => reasonOf(next(client.watchTree({ group })));
    expect(await watch(ann, 'ann/unknown')).toBe('GROUP_NOT_FOUND');
    expect(await watch(ann, 'ann/*')).toBe('GROUP_NAME_INVALID');
    expect(await watch(await clientOf('bob', ['publish:*']), 'ann/watched')).toBe('SCOPE_MISSING');
  });
});

describe('WatchAdvice', () => {
  it('tells a node of a nearer parent in its tree, when it has reported where all lie', async () => {
    await create(ann, { name: 'advised' });
    const group = 'ann/advised';
    const nodes = await Promise.all(Array.from({ length: 3 }, () => running.trust.issue()));
    const [root, far, near] = nodes.map((credentials) => nodeOf(credentials.identity.id));
    const at = (x: number) => ({ x: 100 * x, y: 0, height: 0, error: 100 });
    const streams = nodes.map((credentials) => reports(running.peerClient(credentials)).call);
    const report = (index: number, node: typeof root, x: number, place: Partial<multicast.Place>): unknown => streams[index]!.write(reportOf(node, { at: at(x), places: [placeOf({ group, ...place })] }));
    const listening = running.peerClient(nodes[2]!).watchAdvice({ nodeId: near!.id });
    report(0, root, 0, { role: multicast.Role.ROOT });
    report(1, far, 80, { role: multicast.Role.FORWARDER, parent: root, children: [near!] });
    report(2, near, 10, { parent: far });
    const advice = await new Promise<builder.WatchAdviceResponse>((resolve, reject) => listening.once('data', resolve).once('error', (error) => reject(parseStatus(error))));
    expect(advice).toMatchObject({ group: Buffer.from(idToBytes(groupKey(group))), parent: { id: Buffer.from(far!.id) }, better: { id: Buffer.from(root!.id), controlAddress: '127.0.0.1:1' }, validMs: 10_000 });
    expect(advice.gain).toBeCloseTo(1 - 10 / 150);
    listening.on('error', () => undefined).cancel();
    for (const stream of streams) stream.end();
  });

  it('is for the node itself', async () => {
    const other = await running.trust.issue();
    const watch = (client: Client): Promise<unknown> => reasonOf(new Promise((_resolve, reject) => client.watchAdvice({ nodeId: idToBytes(other.identity.id) }).once('error', (error) => reject(parseStatus(error)))));
    expect(await watch(peer)).toBe('NOT_YOURSELF');
    expect(await watch(admin)).toBe('CERTIFICATE_MISSING');
  });
});

describe('Plan', () => {
  it('answers from the tree that nodes have reported what would become of it', async () => {
    await create(ann, { name: 'planned' });
    const group = 'ann/planned';
    const members = await Promise.all(Array.from({ length: 4 }, () => running.trust.issue()));
    const nodes = members.map((credentials, i) => ({ ...nodeOf(credentials.identity.id), zone: i < 3 ? 'a' : 'b' }));
    const plan = (client: Client, request: builder.PlanRequest) => callUnary(client.plan.bind(client), request);
    const ask = (parts: Partial<builder.PlanRequest>): builder.PlanRequest => ({ group, whatIf: { $case: 'double', value: true }, seed: 0, ...parts });
    expect(await reasonOf(plan(ann, ask({})))).toBe('TREE_NOT_PLANNED');
    const streams = members.map((credentials) => reports(running.peerClient(credentials)).call);
    const [root, ...others] = nodes;
    others.forEach((node, i) => streams[i + 1]!.write(reportOf(node, { places: [placeOf({ group, node, parent: root })] })));
    streams[0]!.write(reportOf(root, { places: [placeOf({ group, node: root, role: multicast.Role.ROOT, voter: true, children: others })] }));
    await vi.waitUntil(async () => (await callUnary(ann.describeGroup.bind(ann), { group: { $case: 'name', value: group } })).nodes === 4);

    const lost = await plan(ann, ask({ whatIf: { $case: 'loseZone', value: 'b' } }));
    expect(lost).toMatchObject({ lost: 1, lostVoters: 0, noQuorum: false, unreached: 0, messagesLost: 0, before: { nodes: 4, root: Buffer.from(root!.id) }, after: { nodes: 3, orphans: 0 } });
    expect(await plan(ann, ask({ whatIf: { $case: 'fanOut', value: 1 } }))).toMatchObject({ after: { nodes: 4 } });
    expect(await reasonOf(plan(ann, ask({ whatIf: { $case: 'loseZone', value: 'c' } })))).toBe('REQUEST_INVALID');
    expect(await reasonOf(plan(ann, ask({ whatIf: undefined })))).toBe('REQUEST_INVALID');
    const bob = await clientOf('bob', ['subscribe:ann/planned']);
    expect(await reasonOf(plan(bob, ask({})))).toBe('NOT_OWNER');
    for (const stream of streams) stream.end();
  });
});

it('refuses a watcher when a thousand watch already', async () => {
  await create(ann, { name: 'crowd' });
  const crowd = Array.from({ length: 1_000 }, () => ann.watchTree({ group: 'crowd' }));
  await Promise.all(crowd.map(next));
  expect(await reasonOf(next(ann.watchTree({ group: 'crowd' })))).toBe('BUSY');
  for (const stream of crowd) stream.on('error', () => undefined).cancel();
});

describe('every call', () => {
  it.each([
    ['without a token', () => running.client(), 'TOKEN_MISSING'],
    ['with an expired token', async () => running.client(await running.trust.token('ann', ['admin'], -60_000)), 'TOKEN_EXPIRED'],
    ['with a token of another overlay', async () => running.client(await (await mintTestAuthority()).token('ann', ['admin'])), 'TOKEN_INVALID'],
  ])('is refused %s', async (_case, connect, reason) => {
    const client = await connect();
    const calls = [create(client, { name: 'ann/x' }), describeGroup(client, { $case: 'name', value: 'ann/x' }), list(client), remove(client, 'ann/x'), next(client.watchTree({ group: 'ann/x' }))];
    expect(await Promise.all(calls.map(reasonOf))).toEqual(calls.map(() => reason));
    expect(await reasonOf(reports(client).answered)).toBe('CERTIFICATE_MISSING');
  });

  it('of a member of another overlay ends at the handshake', async () => {
    const stranger = running.peerClient({ ...(await (await mintTestAuthority()).issue()), authority: running.trust.pem });
    expect(await reasonOf(list(stranger))).toBe('UNREACHABLE');
  });
});

it.each(['/livez', '/readyz', '/startupz', '/metrics'])('answers %s', async (path) => {
  await request(`http://${running.addresses.admin}`).get(path).expect(200);
});

describe('a start', () => {
  it('finds the groups of the one before, and signs them still', async () => {
    const first = await RunningBuilder.start();
    const token = await first.trust.token('ann', ['publish:ann/*']);
    await create(first.client(token), { name: 'kept' });
    await first.stop();
    const second = await first.again();
    const { descriptor } = await describeGroup(second.client(token), { $case: 'name', value: 'kept' });
    expect(new DescriptorVerifier(first.trust.pem).verify(descriptor!)).toMatchObject({ type: 'verified' });
    await second.stop();
  });

  it('is refused in a directory that is taken, and with unknown or missing settings', async () => {
    await expect(running.again()).rejects.toMatchObject({ reason: 'DATA_DIR_LOCKED' });
    await expect(startTestService(builderService, { flags: [...running.flags, '--colour', 'green'] })).rejects.toThrow('colour');
    await expect(startTestService(builderService)).rejects.toThrow('--authority-file');
  });
});

async function clientOf(subject: string, scopes: readonly string[]): Promise<Client> {
  return running.client(await running.trust.token(subject, scopes));
}

function create(client: Client, change: Partial<builder.CreateGroupRequest>): Promise<builder.CreateGroupResponse> {
  const order = { name: '', delivery: multicast.Delivery.UNSPECIFIED, retentionBytes: 0n, retentionMs: 0n, fanOutMax: 0, publishers: [], subscribers: [], stripes: 0 };
  return callUnary(client.createGroup.bind(client), { ...order, ...change });
}

function describeGroup(client: Client, group: builder.DescribeGroupRequest['group']): Promise<builder.DescribeGroupResponse> {
  return callUnary(client.describeGroup.bind(client), { group });
}

function list(client: Client, change: Partial<builder.ListGroupsRequest> = {}): Promise<builder.ListGroupsResponse> {
  return callUnary(client.listGroups.bind(client), { prefix: '', pageSize: 0, pageToken: '', ...change });
}

function remove(client: Client, name: string): Promise<builder.DeleteGroupResponse> {
  return callUnary(client.deleteGroup.bind(client), { name });
}

function reports(client: Client) {
  const { promise: answered, resolve, reject } = Promise.withResolvers<builder.ReportPlacesResponse>();
  const call = client.reportPlaces((error, response) => (error === null ? resolve(response) : reject(parseStatus(error))));
  return { call, answered };
}

function next<Response>(stream: ClientReadableStream<Response>): Promise<Response> {
  return new Promise((resolve, reject) => {
    stream.once('data', (picture: Response) => {
      stream.pause().off('error', reject);
      resolve(picture);
    });
    stream.once('error', (error) => reject(parseStatus(error)));
    stream.resume();
  });
}

function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'was not refused',
    (error: unknown) => (error as { readonly reason?: unknown }).reason ?? error,
  );
}
