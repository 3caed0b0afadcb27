import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CERTIFICATE_LIFETIME_MS, drawSalt, generateNodeKey, issuedPeer, makeCertificateRequest, nodeId, provePossession, publicKeyToSpki } from '@banyan/identity';
import { AuthWorld, reasonOf } from '../testing/auth-world.ts';
import { SqlEnrolmentStore } from '../storing/sql-enrolment-store.ts';
import { Enrolments, RESERVATION_LIFETIME_MS } from './enrolments.ts';

let world: AuthWorld;

beforeEach(async () => {
  world = await AuthWorld.create();
});
afterEach(() => world.database.close());

describe('an enrolment', () => {
  it('ends with a certificate for the id that follows from key and salt', async () => {
    const key = generateNodeKey();
    const request = await world.request(await world.token(), key);
    const { der, id, notAfter } = await world.enrolments.enroll(request);
    expect(id).toBe(nodeId(publicKeyToSpki(key), request.salt));
    expect(issuedPeer(der, world.authority.certificate)).toMatchObject({ id, role: 'node', addresses: ['localhost'] });
    expect(notAfter).toBe(world.now + CERTIFICATE_LIFETIME_MS);
    expect((await world.audit.newest(1))[0]).toMatchObject({ event: 'node_enrolled', actor: 'admin', object: id });
  });

  // Nobody chooses where in the ring he sits, so asking again draws nothing new.
  it('draws one salt for a key, before and after the certificate', async () => {
    const [token, key] = [await world.token(), generateNodeKey()];
    const first = await world.enrolments.begin(token, publicKeyToSpki(key));
    expect(await world.enrolments.begin(token, publicKeyToSpki(key))).toEqual(first);
    const enrolled = await world.enroll(token, key);
    world.now += 30_000;
    expect((await world.enroll(token, key)).id).toBe(enrolled.id);
  });

  it('waits its turn when too many salts wait for their certificates', async () => {
    const { authority, audit, now } = world;
    const few = new Enrolments(authority, new SqlEnrolmentStore(world.database, 1), audit, () => now);
    const token = await world.token(2);
    await few.begin(token, publicKeyToSpki(generateNodeKey()));
    await expect(few.begin(token, publicKeyToSpki(generateNodeKey()))).rejects.toMatchObject({ reason: 'BUSY', retryAfterMs: expect.any(Number) as number });
  });

  it('uses a one-time token up at the first half', async () => {
    const token = await world.token();
    await world.request(token);
    expect(await reasonOf(world.enrolments.begin(token, publicKeyToSpki(generateNodeKey())))).toBe('ENROLMENT_TOKEN_INVALID');
  });

  it('enrolls as many as a shared token says, also all at once', async () => {
    const token = await world.token(3);
    const reasons = await Promise.all(Array.from({ length: 6 }, () => reasonOf(world.enroll(token))));
    expect(reasons.filter((reason) => reason === 'ENROLMENT_TOKEN_INVALID')).toHaveLength(3);
  });
});

describe('the first half is refused', () => {
  it('for an unknown and for an expired token', async () => {
    const key = publicKeyToSpki(generateNodeKey());
    expect(await reasonOf(world.enrolments.begin('unknown', key))).toBe('ENROLMENT_TOKEN_INVALID');
    const token = await world.token(1, 60);
    world.now += 60_000;
    expect(await reasonOf(world.enrolments.begin(token, key))).toBe('ENROLMENT_TOKEN_INVALID');
  });

  it('for a key of another kind and for rubbish, using nothing up', async () => {
    const token = await world.token();
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ type: 'spki', format: 'der' });
    for (const key of [rsa, Buffer.from('rubbish'), new Uint8Array()]) expect(await reasonOf(world.enrolments.begin(token, key))).toBe('PUBLIC_KEY_INVALID');
    await world.enroll(token);
  });
});

describe('the second half is refused', () => {
  it('when the salt was drawn too long ago, for another key, or never', async () => {
    const token = await world.token(9, 3_600);
    const late = await world.request(token);
    world.now += RESERVATION_LIFETIME_MS;
    expect(await reasonOf(world.enrolments.enroll(late))).toBe('ENROLMENT_EXPIRED');
    const [key, salt] = [generateNodeKey(), drawSalt()];
    const own = await world.request(token, key, { salt, possession: provePossession(key, salt) });
    expect(await reasonOf(world.enrolments.enroll(own))).toBe('ENROLMENT_EXPIRED');
    const another = generateNodeKey();
    const { salt: drawn } = await world.request(token);
    const borrowed = { salt: drawn, certificateRequest: await makeCertificateRequest(another), possession: provePossession(another, drawn) };
    expect(await reasonOf(world.enrolments.enroll({ ...own, ...borrowed }))).toBe('ENROLMENT_EXPIRED');
  });

  it('when the key has not signed the salt', async () => {
    const token = await world.token(9);
    const stranger = await world.request(token, undefined, { possession: provePossession(generateNodeKey(), drawSalt()) });
    expect(await reasonOf(world.enrolments.enroll(stranger))).toBe('POSSESSION_NOT_PROVEN');
    expect(await reasonOf(world.enrolments.enroll({ ...stranger, possession: new Uint8Array() }))).toBe('POSSESSION_NOT_PROVEN');
  });

  it('when the request is rubbish, the salt short, an address strange or too many', async () => {
    const request = await world.request(await world.token());
    const refused = (lies: object): Promise<unknown> => reasonOf(world.enrolments.enroll({ ...request, ...lies }));
    expect(await refused({ certificateRequest: Buffer.from('rubbish') })).toBe('CERTIFICATE_REQUEST_INVALID');
    expect(await refused({ salt: request.salt.subarray(1) })).toBe('REQUEST_INVALID');
    expect(await refused({ addresses: ['a, URI:banyan:role:builder'] })).toBe('REQUEST_INVALID');
    expect(await refused({ addresses: Array.from({ length: 9 }, () => 'a') })).toBe('REQUEST_INVALID');
  });

  it('for a role that the token is not good for', async () => {
    const request = await world.request(await world.token(), undefined, { role: 'builder' });
    expect(await reasonOf(world.enrolments.enroll(request))).toBe('ENROLMENT_TOKEN_INVALID');
  });

  it('for a node that was revoked', async () => {
    const [token, key] = [await world.token(), generateNodeKey()];
    const { id } = await world.enroll(token, key);
    await world.memberships.revoke(id, { actor: 'admin', reason: 'lost' });
    expect(await reasonOf(world.enroll(token, key))).toBe('CERTIFICATE_REVOKED');
  });
});

describe('the token of the configuration', () => {
  it('is good while it stands there, and gone when another does', async () => {
    await world.enrolmentTokens.putInitial('the first shared token');
    await world.enroll('the first shared token');
    await world.enrolmentTokens.putInitial('the first shared token');
    await world.enroll('the first shared token');
    await world.enrolmentTokens.putInitial('the second shared token');
    expect(await reasonOf(world.enroll('the first shared token'))).toBe('ENROLMENT_TOKEN_INVALID');
    await world.enroll('the second shared token');
    await world.enrolmentTokens.putInitial(undefined);
    expect(await reasonOf(world.enroll('the second shared token'))).toBe('ENROLMENT_TOKEN_INVALID');
  });
});
