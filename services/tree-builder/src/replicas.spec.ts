import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresServer } from '@banyan/database/testing';
import { callUnary, parseStatus } from '@banyan/grpc';
import { mintTestAuthority, type TestAuthority } from '@banyan/identity/testing';
import { multicast, type builder } from '@banyan/proto';
import { sweepDirectories } from '@banyan/service-kit/testing';
import { RunningBuilder } from './testing/running-builder.ts';

const ORDER: Omit<builder.CreateGroupRequest, 'name'> = { delivery: multicast.Delivery.RELIABLE, retentionBytes: 0n, retentionMs: 0n, fanOutMax: 0, publishers: [], subscribers: [], backpressure: undefined, stripes: 0 };
let server: PostgresServer;
let trust: TestAuthority;
let replicas: RunningBuilder[];
let clients: builder.TreeBuilderServiceClient[];

beforeAll(async () => {
  server = await PostgresServer.start();
  trust = await mintTestAuthority();
  const url = await server.newDatabase();
  replicas = await Promise.all(Array.from({ length: 3 }, () => RunningBuilder.start(['--database-url', url], trust)));
  const token = await trust.token('ann', ['publish:ann/*', 'subscribe:ann/*']);
  clients = replicas.map((replica) => replica.client(token));
});
afterAll(async () => {
  await Promise.all(replicas?.map((replica) => replica.stop()) ?? []);
  await server[Symbol.asyncDispose]();
  sweepDirectories();
});

describe('replicas of the tree builder on one PostgreSQL', () => {
  it('keep one directory: what one creates all know, and delete', async () => {
    const [one, two, three] = clients as [builder.TreeBuilderServiceClient, builder.TreeBuilderServiceClient, builder.TreeBuilderServiceClient];
    await callUnary(one.createGroup.bind(one), { ...ORDER, name: 'shared' });
    const { descriptor } = await callUnary(two.describeGroup.bind(two), { group: { $case: 'name', value: 'ann/shared' } });
    expect(multicast.GroupDescriptor.decode(descriptor!.descriptor)).toMatchObject({ name: 'ann/shared', owner: 'ann' });
    await callUnary(three.deleteGroup.bind(three), { name: 'ann/shared' });
    expect(await callUnary(one.describeGroup.bind(one), { group: { $case: 'name', value: 'ann/shared' } }).catch((error: unknown) => parseStatus(error).reason)).toBe('GROUP_NOT_FOUND');
  });

  it('create a group of one name once, however many are asked at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 9 }, (_, at) => callUnary(clients[at % 3]!.createGroup.bind(clients[at % 3]!), { ...ORDER, name: 'contested' }).then(() => 'created', (error: unknown) => parseStatus(error).reason)));
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(['created', 'GROUP_EXISTS']));
  });
});
