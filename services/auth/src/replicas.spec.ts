import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresServer } from '@banyan/database/testing';
import { callUnary, parseStatus } from '@banyan/grpc';
import { createTokenVerifier, fixedTokenKeys, type TokenKeySet } from '@banyan/identity';
import { idToBytes } from '@banyan/ids';
import { auth } from '@banyan/proto';
import { freshDirectory, sweepDirectories } from '@banyan/service-kit/testing';
import { RunningAuth } from './testing/running-auth.ts';

let server: PostgresServer;
let replicas: RunningAuth[];

beforeAll(async () => {
  server = await PostgresServer.start();
  const shared = ['--authority-dir', freshDirectory('authority'), '--database-url', await server.newDatabase()];
  // All at once, as an orchestrator starts them: the first on an empty directory and an empty database.
  replicas = await Promise.all(Array.from({ length: 3 }, () => RunningAuth.start(freshDirectory('auth'), shared)));
});
afterAll(async () => {
  await Promise.all(replicas?.map((replica) => replica.stop()) ?? []);
  await server[Symbol.asyncDispose]();
  sweepDirectories();
});

describe('replicas of auth on one PostgreSQL', () => {
  it('are one authority', () => {
    expect(new Set(replicas.map(({ authority }) => authority)).size).toBe(1);
  });

  it('count the uses of an enrolment token together, whoever is asked', async () => {
    const admin = replicas[0]!.client(await replicas[0]!.adminToken());
    const { enrolmentToken } = await callUnary(admin.createEnrolmentToken.bind(admin), { label: 'four', roles: [auth.Role.NODE], uses: 4, ttlSeconds: 600 });
    const outcomes = await Promise.all(Array.from({ length: 9 }, (_, at) => replicas[at % 3]!.enroll('node', enrolmentToken).then(() => 'enrolled', (error: unknown) => parseStatus(error).reason)));
    expect(outcomes.filter((outcome) => outcome === 'enrolled')).toHaveLength(4);
    expect(new Set(outcomes)).toEqual(new Set(['enrolled', 'ENROLMENT_TOKEN_INVALID']));
  });

  it('know each others members and revocations, and sign tokens that all verify', async () => {
    const [one, two, three] = replicas as [RunningAuth, RunningAuth, RunningAuth];
    const member = await one.enroll();
    const token = await two.adminToken();
    const keys = (await (await fetch(one.addresses.jwks)).json()) as TokenKeySet;
    expect(await createTokenVerifier(fixedTokenKeys(keys, one.authority)).verify(token, Date.now())).toMatchObject({ claims: { subject: 'admin' } });
    const admin = three.client(token);
    await callUnary(admin.revoke.bind(admin), { nodeId: idToBytes(member.identity.id), reason: 'lost' });
    const asked = two.peerClient(await two.enroll());
    const { nodeIds } = await callUnary(asked.listRevoked.bind(asked), {});
    expect(nodeIds.map((id) => Buffer.from(id).toString('hex'))).toEqual([member.identity.id]);
  });

  it('go on when one of them is gone', async () => {
    await replicas.pop()!.stop();
    await expect(replicas[0]!.enroll()).resolves.toMatchObject({ identity: { role: 'node' } });
  });
});
