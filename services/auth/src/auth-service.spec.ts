import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callUnary } from '@banyan/grpc';
import { idToBytes } from '@banyan/ids';
import { createTokenVerifier, fixedTokenKeys, generateNodeKey, makeCertificateRequest, provePossession, publicKeyToSpki, trustedTokenKeys, type TokenKeySet } from '@banyan/identity';
import { mintTestAuthority } from '@banyan/identity/testing';
import { auth } from '@banyan/proto';
import { startTestService, sweepDirectories } from '@banyan/service-kit/testing';
import { authService } from './auth-service.ts';
import { reasonOf } from './testing/auth-world.ts';
import { ADMIN_SECRET, ENROLMENT_TOKEN, RunningAuth } from './testing/running-auth.ts';

let running: RunningAuth;
let admin: auth.AuthServiceClient;
let anyone: auth.AuthServiceClient;

beforeAll(async () => {
  running = await RunningAuth.start();
  admin = running.client(await running.adminToken());
  anyone = running.client();
});
afterAll(async () => {
  await running.stop();
  sweepDirectories();
});

describe('BeginEnrolment and Enroll', () => {
  it('make a member of anyone with a token', async () => {
    const { identity } = await running.enroll('bootstrap');
    expect(identity).toMatchObject({ role: 'bootstrap', addresses: ['localhost'] });
  });

  it('tell id, authority and end of validity', async () => {
    const key = generateNodeKey();
    const { salt, nodeId } = await callUnary(anyone.beginEnrolment.bind(anyone), { enrolmentToken: ENROLMENT_TOKEN, publicKey: publicKeyToSpki(key) });
    const enrolled = await enrollWith({ salt, possession: provePossession(key, salt), certificateRequest: await makeCertificateRequest(key) });
    expect(enrolled.nodeId).toEqual(nodeId);
    expect(new X509Certificate(enrolled.authority).toString()).toBe(running.authority);
    expect(Number(enrolled.expiresAtMs)).toBe(new X509Certificate(enrolled.certificate).validToDate.getTime());
  });

  it('are refused by name', async () => {
    const key = generateNodeKey();
    const begin = (message: auth.BeginEnrolmentRequest) => reasonOf(callUnary(anyone.beginEnrolment.bind(anyone), message));
    expect(await begin({ enrolmentToken: 'unknown', publicKey: publicKeyToSpki(key) })).toBe('ENROLMENT_TOKEN_INVALID');
    expect(await begin({ enrolmentToken: ENROLMENT_TOKEN, publicKey: Buffer.from('rubbish') })).toBe('PUBLIC_KEY_INVALID');
    expect(await begin({ enrolmentToken: ENROLMENT_TOKEN, publicKey: Buffer.alloc(10_000) })).toBe('REQUEST_INVALID');
    const { salt } = await callUnary(anyone.beginEnrolment.bind(anyone), { enrolmentToken: ENROLMENT_TOKEN, publicKey: publicKeyToSpki(key) });
    const good = { salt, possession: provePossession(key, salt), certificateRequest: await makeCertificateRequest(key) };
    expect(await reasonOf(enrollWith({ ...good, enrolmentToken: 'unknown' }))).toBe('ENROLMENT_TOKEN_INVALID');
    expect(await reasonOf(enrollWith({ ...good, possession: Buffer.alloc(64) }))).toBe('POSSESSION_NOT_PROVEN');
    expect(await reasonOf(enrollWith({ ...good, salt: Buffer.alloc(16), possession: provePossession(key, Buffer.alloc(16)) }))).toBe('ENROLMENT_EXPIRED');
    expect(await reasonOf(enrollWith({ ...good, certificateRequest: Buffer.alloc(3) }))).toBe('CERTIFICATE_REQUEST_INVALID');
    expect(await reasonOf(enrollWith({ ...good, role: auth.Role.UNSPECIFIED }))).toBe('REQUEST_INVALID');
    expect(await reasonOf(enrollWith({ ...good, addresses: ['a b'] }))).toBe('REQUEST_INVALID');
  });
});

describe('Renew', () => {
  it('gives a member a new certificate over mutual TLS', async () => {
    const key = await running.enroll();
    const client = running.peerClient(key);
    const { certificate } = await callUnary(client.renew.bind(client), { certificateRequest: await makeCertificateRequest(key.privateKey), addresses: ['127.0.0.1'] });
    expect(new X509Certificate(certificate).subjectAltName).toContain(`banyan:node:${key.identity.id}`);
  });

  it('is refused without a certificate, with one of another overlay, with another key, after revocation', async () => {
    const member = await running.enroll();
    const [client, outsider] = [running.peerClient(member), running.peerClient({ ...(await (await mintTestAuthority()).issue()), authority: running.authority })];
    const own = { certificateRequest: await makeCertificateRequest(member.privateKey), addresses: [] };
    expect(await reasonOf(callUnary(anyone.renew.bind(anyone), own))).toBe('CERTIFICATE_MISSING');
    expect(await reasonOf(callUnary(outsider.renew.bind(outsider), own))).toBe('UNREACHABLE');
    expect(await reasonOf(callUnary(client.renew.bind(client), { ...own, certificateRequest: await makeCertificateRequest(generateNodeKey()) }))).toBe('POSSESSION_NOT_PROVEN');
    expect(await reasonOf(callUnary(client.renew.bind(client), { ...own, certificateRequest: Buffer.alloc(3) }))).toBe('CERTIFICATE_REQUEST_INVALID');
    await callUnary(admin.revoke.bind(admin), { nodeId: idToBytes(member.identity.id), reason: 'lost' });
    expect(await reasonOf(callUnary(client.renew.bind(client), own))).toBe('CERTIFICATE_REVOKED');
  });
});

describe('Revoke and ListRevoked', () => {
  it('tell members and admins who was revoked', async () => {
    const [lost, member] = [await running.enroll(), await running.enroll()];
    await callUnary(admin.revoke.bind(admin), { nodeId: idToBytes(lost.identity.id), reason: 'lost' });
    for (const client of [admin, running.peerClient(member)]) {
      const { nodeIds } = await callUnary(client.listRevoked.bind(client), {});
      expect(nodeIds.map((id) => Buffer.from(id).toString('hex'))).toContain(lost.identity.id);
    }
  });

  it('are refused for unknown or malformed ids', async () => {
    expect(await reasonOf(callUnary(admin.revoke.bind(admin), { nodeId: Buffer.alloc(16), reason: '' }))).toBe('NODE_NOT_FOUND');
    expect(await reasonOf(callUnary(admin.revoke.bind(admin), { nodeId: Buffer.alloc(3), reason: '' }))).toBe('REQUEST_INVALID');
  });
});

describe('CreateEnrolmentToken', () => {
  const order = { uses: 1, ttlSeconds: 60, roles: [] };

  it('makes a token for one node', async () => {
    const { enrolmentToken } = await callUnary(admin.createEnrolmentToken.bind(admin), order);
    await running.enroll('node', enrolmentToken);
    expect(await reasonOf(running.enroll('node', enrolmentToken))).toBe('ENROLMENT_TOKEN_INVALID');
  });

  it('makes a token for the roles it names', async () => {
    const { enrolmentToken } = await callUnary(admin.createEnrolmentToken.bind(admin), { ...order, uses: 2, roles: [auth.Role.BUILDER] });
    expect(await reasonOf(running.enroll('node', enrolmentToken))).toBe('ENROLMENT_TOKEN_INVALID');
    await running.enroll('builder', enrolmentToken);
  });

  it('is refused for odd orders', async () => {
    for (const odd of [{ uses: 0 }, { uses: 2_000_000 }, { ttlSeconds: 0 }, { roles: [auth.Role.UNSPECIFIED] }]) {
      expect(await reasonOf(callUnary(admin.createEnrolmentToken.bind(admin), { ...order, ...odd }))).toBe('REQUEST_INVALID');
    }
  });
});

describe('IssueToken', () => {
  const order = { subject: 'admin', secret: ADMIN_SECRET, scopes: ['publish:admin/*'], ttlSeconds: 60 };

  it('gives a token that the published keys verify', async () => {
    const { token, expiresAtMs } = await callUnary(anyone.issueToken.bind(anyone), order);
    const keys = (await (await fetch(running.addresses.jwks)).json()) as TokenKeySet;
    const verdict = await createTokenVerifier(fixedTokenKeys(keys, running.authority)).verify(token, Date.now());
    expect(verdict).toMatchObject({ type: 'accepted', claims: { subject: 'admin', scopes: order.scopes, expiresAt: Number(expiresAtMs) } });
  });

  it('is refused by name', async () => {
    const issue = (change: object) => reasonOf(callUnary(anyone.issueToken.bind(anyone), { ...order, ...change }));
    expect(await issue({ secret: 'wrong' })).toBe('CLIENT_SECRET_INVALID');
    expect(await issue({ subject: 'nobody' })).toBe('CLIENT_SECRET_INVALID');
    expect(await issue({ ttlSeconds: 86_401 })).toBe('REQUEST_INVALID');
    expect(await issue({ scopes: ['everything'] })).toBe('REQUEST_INVALID');
    expect(await issue({ secret: 'x'.repeat(2_000) })).toBe('REQUEST_INVALID');
  });
});

describe('CreateSubject and DeleteSubject', () => {
  it('let a subject in with its scopes, and out again', async () => {
    const { secret } = await callUnary(admin.createSubject.bind(admin), { subject: 'ann', scopes: ['publish:ann/*'] });
    const ask = (scopes: string[]) => callUnary(anyone.issueToken.bind(anyone), { subject: 'ann', secret, scopes, ttlSeconds: 0 });
    expect((await ask(['publish:ann/news'])).token).toContain('.');
    expect(await reasonOf(ask(['admin']))).toBe('SCOPE_NOT_ALLOWED');
    await callUnary(admin.deleteSubject.bind(admin), { subject: 'ann' });
    expect(await reasonOf(ask(['publish:ann/news']))).toBe('CLIENT_SECRET_INVALID');
  });

  it('are refused for names that are none', async () => {
    expect(await reasonOf(callUnary(admin.createSubject.bind(admin), { subject: '../bob', scopes: [] }))).toBe('REQUEST_INVALID');
  });
});

describe('every call of an administrator', () => {
  const order = { uses: 1, ttlSeconds: 60, roles: [] };

  it.each([
    ['without a token', () => undefined, 'TOKEN_MISSING'],
    ['with a token that is none', () => 'rubbish', 'TOKEN_INVALID'],
    ['with an expired token', () => running.signedToken(['admin'], -60_000), 'TOKEN_EXPIRED'],
    ['with a token of another overlay', async () => (await mintTestAuthority()).token('admin', ['admin']), 'TOKEN_INVALID'],
    ['without the scope', () => running.signedToken(['route']), 'SCOPE_MISSING'],
  ])('is refused %s', async (_case, token, reason) => {
    const client = running.client(await token());
    const calls = [
      callUnary(client.revoke.bind(client), { nodeId: Buffer.alloc(16), reason: '' }),
      callUnary(client.listRevoked.bind(client), {}),
      callUnary(client.createEnrolmentToken.bind(client), order),
      callUnary(client.createSubject.bind(client), { subject: 'bob', scopes: [] }),
      callUnary(client.deleteSubject.bind(client), { subject: 'bob' }),
    ];
    expect(await Promise.all(calls.map(reasonOf))).toEqual(calls.map(() => reason));
    expect(await reasonOf(callUnary(client.renew.bind(client), { certificateRequest: Buffer.alloc(3), addresses: [] }))).toBe('CERTIFICATE_MISSING');
  });
});

describe('the admin server', () => {
  it('publishes keys that the authority vouches for', async () => {
    const response = await request(`http://${running.addresses.admin}`).get('/.well-known/jwks.json').expect(200);
    expect(response.headers['content-type']).toContain('application/jwk-set+json');
    expect(response.body).toMatchObject({ keys: [{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' }] });
    const [key] = (response.body as { keys: Record<string, unknown>[] }).keys;
    expect(key).not.toHaveProperty('d');
    expect(trustedTokenKeys(response.body, new X509Certificate(running.authority)).size).toBe(1);
  });

  it.each(['/livez', '/readyz', '/startupz'])('answers %s', async (path) => {
    await request(`http://${running.addresses.admin}`).get(path).expect(200);
  });

  it('counts calls under /metrics', async () => {
    const { text } = await request(`http://${running.addresses.admin}`).get('/metrics').expect(200);
    expect(text).toContain('banyan.auth.v1.AuthService/IssueToken');
  });

  it('counts what is given and what is refused', async () => {
    await running.enroll();
    expect(await reasonOf(running.enroll('node', 'no such enrolment token'))).toBeDefined();
    const { text } = await request(`http://${running.addresses.admin}`).get('/metrics').expect(200);
    expect(text).toMatch(/^banyan_auth_certificates_issued_total\{occasion="enrolment"\} [1-9]/m);
    expect(text).toMatch(/^banyan_auth_refusals_total\{request="enrolment"\} [1-9]/m);
    expect(text).toMatch(/^banyan_auth_tokens_issued_total [1-9]/m);
  });

  it('has no other page, and takes no other verb', async () => {
    await request(`http://${running.addresses.admin}`).get('/nothing').expect(404);
    await request(`http://${running.addresses.admin}`).post('/.well-known/jwks.json').expect(404);
  });
});

describe('a second start', () => {
  it('goes on with authority, token key, members and subjects', async () => {
    const first = await RunningAuth.start();
    const member = await first.enroll();
    const token = await first.adminToken();
    await first.stop();
    const second = await RunningAuth.start(first.dataDir);
    expect(second.authority).toBe(first.authority);
    const client = second.client(token);
    await callUnary(client.revoke.bind(client), { nodeId: idToBytes(member.identity.id), reason: 'lost' });
    await second.stop();
  });

  it('is refused when the authority is damaged: a new one would lock everybody out', async () => {
    const first = await RunningAuth.start();
    await first.stop();
    const file = join(first.dataDir, 'authority.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('BEGIN', 'START'));
    await expect(RunningAuth.start(first.dataDir)).rejects.toMatchObject({ reason: 'DATA_DIR_UNUSABLE' });
  });

  it('is refused while the first one runs, on a taken port, and with a database that is none', async () => {
    await expect(RunningAuth.start(running.dataDir)).rejects.toMatchObject({ reason: 'DATA_DIR_LOCKED' });
    await expect(startTestService(authService, { flags: ['--api-listen', running.addresses.api] })).rejects.toMatchObject({ reason: 'PORT_TAKEN' });
    const first = await RunningAuth.start();
    await first.stop();
    await writeFile(join(first.dataDir, 'auth.sqlite'), 'this is no database, whatever its name says');
    await expect(RunningAuth.start(first.dataDir)).rejects.toMatchObject({ reason: 'DATA_DIR_UNUSABLE' });
  });

  it('is refused with unknown settings and short secrets', async () => {
    await expect(startTestService(authService, { flags: ['--colour', 'green'] })).rejects.toThrow('colour');
    await expect(startTestService(authService, { env: { BANYAN_INITIAL_ADMIN_SECRET: 'short' } })).rejects.toThrow('BANYAN_INITIAL_ADMIN_SECRET');
  });
});

function enrollWith(change: Partial<auth.EnrollRequest>): Promise<auth.EnrollResponse> {
  const empty = new Uint8Array();
  const message = { enrolmentToken: ENROLMENT_TOKEN, certificateRequest: empty, salt: empty, possession: empty, addresses: [], role: auth.Role.NODE };
  return callUnary(anyone.enroll.bind(anyone), { ...message, ...change });
}
