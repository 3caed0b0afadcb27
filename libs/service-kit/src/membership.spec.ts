import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mintTestAuthority, type TestAuthority } from '@banyan/identity/testing';
import { createMetricsRegistry, NO_LOGGER, NO_TRACER } from '@banyan/telemetry';
import { becomeMember, type Membership } from './membership/membership.ts';
import { memberSettings } from './membership/member-settings.ts';
import { Readiness } from './readiness.ts';
import { serviceSettings } from './service-settings.ts';
import { startSmallAuth } from './small-auth.ts';

const TOKEN = 'let me in';
const schema = z.object({ ...serviceSettings('member'), ...memberSettings() });

let trust: TestAuthority;
let auth: Awaited<ReturnType<typeof startSmallAuth>>;
let keys: HttpServer;
let authorityFile: string;
const members: Membership[] = [];

beforeAll(async () => {
  trust = await mintTestAuthority();
  auth = await startSmallAuth(trust, TOKEN);
  keys = createServer((_, response) => response.end(JSON.stringify(trust.tokenKeys)));
  await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve));
  authorityFile = join(freshDir(), 'ca.pem');
  writeFileSync(authorityFile, trust.pem);
});
afterAll(() => {
  for (const member of members) member.close();
  auth.stop();
  keys.close();
});

function freshDir(): string {
  return mkdtempSync(join(tmpdir(), 'banyan-member-'));
}

async function member(settings: Record<string, unknown> = {}, signal = new AbortController().signal): Promise<Membership> {
  const jwksUrl = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/`;
  const config = schema.parse({ dataDir: freshDir(), authorityFile, authAddress: auth.address, jwksUrl, enrolmentToken: TOKEN, ...settings });
  const metrics = createMetricsRegistry({ processMetrics: false });
  const running = { current: config, onReload: () => undefined };
  const context = { config, running, env: {}, logger: NO_LOGGER, metrics, tracer: NO_TRACER, readiness: new Readiness(), signal, fail: () => undefined };
  const made = await becomeMember(context, 'node', ['127.0.0.1:0', '0.0.0.0:0']);
  members.push(made);
  return made;
}

describe('becomeMember', () => {
  it('enrolls once, for the hosts it listens on, and is the same member after a restart with auth away', async () => {
    const dataDir = freshDir();
    const first = await member({ dataDir, advertisedHost: 'node-1.example' });
    expect(first.credentials.identity).toMatchObject({ role: 'node', addresses: ['node-1.example', 'localhost', '127.0.0.1'] });
    const enrolments = auth.enrolments();
    const again = await member({ dataDir, authAddress: '127.0.0.1:1', enrolmentToken: undefined });
    expect(again.credentials.identity.id).toBe(first.credentials.identity.id);
    expect(auth.enrolments()).toBe(enrolments);
  });

  it('verifies tokens by the published keys, and from disk when auth is away', async () => {
    const dataDir = freshDir();
    const token = await trust.token('alice', ['route']);
    const { tokenVerifier } = await member({ dataDir });
    expect(await tokenVerifier.verify(token, Date.now())).toMatchObject({ type: 'accepted', claims: { subject: 'alice' } });
    const offline = await member({ dataDir, jwksUrl: 'http://127.0.0.1:1/' });
    expect(await offline.tokenVerifier.verify(token, Date.now())).toMatchObject({ type: 'accepted' });
  });

  it('fails with the reason when auth refuses, when there is no token, and when there is no authority', async () => {
    await expect(member({ enrolmentToken: 'wrong' })).rejects.toMatchObject({ reason: 'ENROLMENT_TOKEN_INVALID' });
    await expect(member({ enrolmentToken: undefined })).rejects.toMatchObject({ reason: 'ENROLMENT_TOKEN_INVALID' });
    await expect(member({ authorityFile: freshDir() })).rejects.toMatchObject({ reason: 'FILE_NOT_FOUND' });
  });

  it('learns who was revoked, and tells those who want to know', async () => {
    const { isRevoked, onRevoked } = await member({ authPeerAddress: auth.peerAddress, revocationLookMs: 100 });
    const { identity } = await trust.issue();
    const told = new Promise<ReadonlySet<string>>((resolve) => onRevoked(resolve));
    expect(isRevoked(identity)).toBe(false);
    auth.revoke(identity.id);
    expect([...(await told)]).toEqual([identity.id]);
    expect(isRevoked(identity)).toBe(true);
  });

  it('waits while auth is away and goes on when it answers', async () => {
    const reserved = createTcpServer();
    await new Promise<void>((resolve) => reserved.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(reserved.address() as AddressInfo).port}`;
    await new Promise((resolve) => reserved.close(resolve));
    const waiting = member({ authAddress: address });
    const late = await startSmallAuth(trust, TOKEN, address);
    expect((await waiting).credentials.identity.role).toBe('node');
    late.stop();
  });

  it('gives up waiting when the process is asked to stop', async () => {
    const asked = new AbortController();
    const waiting = member({ authAddress: '127.0.0.1:1' }, asked.signal);
    asked.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});
