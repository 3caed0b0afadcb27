import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { id, type Id } from '@banyan/ids';
import { CERTIFICATE_LIFETIME_MS, generateNodeKey, issuedPeer, makeCertificateRequest, type PeerIdentity } from '@banyan/identity';
import { AuthWorld, reasonOf } from '../testing/auth-world.ts';

const key = generateNodeKey();
let world: AuthWorld;
let peer: PeerIdentity;

beforeEach(async () => {
  world = await AuthWorld.create();
  peer = peerOf((await world.enroll(await world.token(), key)).der);
});
afterEach(() => world.database.close());

describe('renew', () => {
  it('gives the same id and role another 30 days', async () => {
    world.now += 15 * 24 * 3_600_000;
    const renewed = await world.memberships.renew(peer, await request());
    expect(peerOf(renewed.der)).toMatchObject({ id: peer.id, role: peer.role, addresses: ['127.0.0.1'] });
    expect(renewed.notAfter).toBe(world.now + CERTIFICATE_LIFETIME_MS);
  });

  it('is refused for another key, rubbish, a strange address', async () => {
    expect(await reasonOf(world.memberships.renew(peer, await request(generateNodeKey())))).toBe('POSSESSION_NOT_PROVEN');
    expect(await reasonOf(world.memberships.renew(peer, { certificateRequest: new Uint8Array(), addresses: [] }))).toBe('CERTIFICATE_REQUEST_INVALID');
    expect(await reasonOf(world.memberships.renew(peer, { ...(await request()), addresses: ['a b'] }))).toBe('REQUEST_INVALID');
  });

  it('is refused for a node that was revoked, or that never enrolled here', async () => {
    await world.memberships.revoke(peer.id, { actor: 'admin', reason: 'lost' });
    expect(await reasonOf(world.memberships.renew(peer, await request()))).toBe('CERTIFICATE_REVOKED');
    expect(await reasonOf(world.memberships.renew({ ...peer, id: id('b'.repeat(32)) }, await request()))).toBe('NODE_NOT_FOUND');
  });
});

describe('revoke', () => {
  it('lists the id until its certificate has expired, and notes why', async () => {
    await world.memberships.revoke(peer.id, { actor: 'admin', reason: 'stolen' });
    expect(await world.memberships.listRevoked()).toEqual<readonly Id[]>([peer.id]);
    expect((await world.audit.newest(1))[0]).toMatchObject({ event: 'node_revoked', actor: 'admin', object: peer.id, detail: 'stolen' });
    world.now = peer.notAfter;
    expect(await world.memberships.listRevoked()).toEqual([]);
  });

  it('does not know a node that never enrolled', async () => {
    expect(await reasonOf(world.memberships.revoke(id('b'.repeat(32)), { actor: 'admin', reason: '' }))).toBe('NODE_NOT_FOUND');
  });
});

async function request(of = key) {
  return { certificateRequest: await makeCertificateRequest(of), addresses: ['127.0.0.1'] };
}

function peerOf(der: Uint8Array): PeerIdentity {
  return issuedPeer(der, world.authority.certificate)!;
}
