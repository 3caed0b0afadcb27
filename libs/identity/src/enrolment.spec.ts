import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeCertificateRequest, readCertificateRequest } from './certificate-request.ts';
import { enroll, EnrolmentError, provePossession, provesPossession, renew, type EnrolmentClient, type EnrolmentOrder } from './enrolment.ts';
import { generateNodeKey, generateTokenKey, publicKeyFromSpki, publicKeyToSpki } from './keys.ts';
import { drawSalt, nodeId } from './node-id.ts';
import { mintTestAuthority, type TestAuthority } from './testing.ts';

let ours: TestAuthority;

beforeAll(async () => {
  ours = await mintTestAuthority();
});

describe('enroll', () => {
  it('comes back with credentials of the drawn salt', async () => {
    const credentials = await enroll(orderFor(ours), honestAuth(ours));
    expect(credentials.identity).toMatchObject({ role: 'node', addresses: ['localhost'] });
    expect(nodeId(publicKeyToSpki(credentials.privateKey), credentials.identity.salt)).toBe(credentials.identity.id);
  });

  it('trusts the configured authority and no other', async () => {
    const impostor = await mintTestAuthority();
    await expect(enroll(orderFor(ours), honestAuth(impostor))).rejects.toThrow(EnrolmentError);
  });

  it('refuses a certificate of another key, another salt, another role, no salt and no certificate', async () => {
    const order = orderFor(ours);
    const another = await ours.issue();
    const liars: EnrolmentClient[] = [
      { ...honestAuth(ours), enroll: () => Promise.resolve({ certificate: another.certificateDer }) },
      { ...honestAuth(ours), enroll: (request) => honestAuth(ours).enroll({ ...request, salt: drawSalt() }) },
      { ...honestAuth(ours), enroll: (request) => honestAuth(ours).enroll({ ...request, role: 'builder' }) },
      { ...honestAuth(ours), begin: () => Promise.resolve({ salt: new Uint8Array(3) }) },
      { ...honestAuth(ours), enroll: () => Promise.resolve({ certificate: new Uint8Array(3) }) },
    ];
    for (const liar of liars) await expect(enroll(order, liar)).rejects.toThrow(EnrolmentError);
  });
});

describe('renew', () => {
  it('keeps id and role and takes the new validity', async () => {
    const before = await ours.issue({ now: Date.now() - 86_400_000 });
    const after = await renew(before, ['localhost'], {
      renew: async () => ({ certificate: (await issueFor(before, before.identity.salt)).der }),
    });
    expect(after.identity.id).toBe(before.identity.id);
    expect(after.identity.notAfter).toBeGreaterThan(before.identity.notAfter);
  });

  it('refuses to become someone else', async () => {
    const before = await ours.issue();
    const moving = { renew: async () => ({ certificate: (await issueFor(before, drawSalt())).der }) };
    await expect(renew(before, [], moving)).rejects.toThrow(EnrolmentError);
  });
});

describe('proof of possession', () => {
  it.each([['P-256', generateNodeKey()], ['Ed25519', generateTokenKey()]])('is made by the key alone, for one salt (%s)', (_kind, key) => {
    const salt = drawSalt();
    const proof = provePossession(key, salt);
    const publicKey = publicKeyFromSpki(publicKeyToSpki(key))!;
    expect(provesPossession(publicKey, salt, proof)).toBe(true);
    expect(provesPossession(publicKey, drawSalt(), proof)).toBe(false);
    expect(provesPossession(publicKeyFromSpki(publicKeyToSpki(generateNodeKey()))!, salt, proof)).toBe(false);
    expect(provesPossession(publicKey, salt, new Uint8Array(7))).toBe(false);
  });
});

describe('a certificate request', () => {
  it.each([['P-256', generateNodeKey()], ['Ed25519', generateTokenKey()]])('tells the key that signed it (%s)', async (_kind, key) => {
    expect(await readCertificateRequest(await makeCertificateRequest(key))).toEqual(publicKeyToSpki(key));
  });

  it('is refused when damaged, empty or rubbish', async () => {
    const request = await makeCertificateRequest(generateNodeKey());
    const damaged = Uint8Array.from(request, (byte, at) => (at === request.length - 5 ? byte ^ 1 : byte));
    for (const der of [damaged, request.subarray(0, 40), new Uint8Array(), Buffer.from('rubbish')]) expect(await readCertificateRequest(der)).toBeUndefined();
  });
});

describe('publicKeyFromSpki', () => {
  it('takes Ed25519 and P-256 only, in one spelling', () => {
    const spki = (key: { export(options: { type: 'spki'; format: 'der' }): Buffer }) => key.export({ type: 'spki', format: 'der' });
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    expect(publicKeyFromSpki(publicKeyToSpki(generateNodeKey()))).toBeDefined();
    for (const der of [spki(p384), spki(rsa), Buffer.alloc(0), Buffer.concat([publicKeyToSpki(generateNodeKey()), Buffer.of(0)])]) {
      expect(publicKeyFromSpki(der)).toBeUndefined();
    }
  });
});

function orderFor(authority: TestAuthority): EnrolmentOrder {
  return { privateKey: generateNodeKey(), enrolmentToken: 'token', role: 'node', addresses: ['localhost'], authority: authority.pem };
}

function honestAuth(authority: TestAuthority): EnrolmentClient {
  return {
    begin: () => Promise.resolve({ salt: drawSalt() }),
    enroll: async ({ certificateRequest, salt, role, addresses }) => {
      const publicKey = (await readCertificateRequest(certificateRequest))!;
      const { der } = await authority.authority.issue({ id: nodeId(publicKey, salt), salt, role, addresses, publicKey, now: Date.now() });
      return { certificate: der };
    },
  };
}

function issueFor(holder: Awaited<ReturnType<TestAuthority['issue']>>, salt: Uint8Array) {
  const publicKey = publicKeyToSpki(holder.privateKey);
  return ours.authority.issue({ id: nodeId(publicKey, salt), salt, role: holder.identity.role, addresses: [], publicKey, now: Date.now() });
}
