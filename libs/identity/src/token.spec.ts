import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateTokenKey } from './keys.ts';
import { mintTestAuthority, type TestAuthority } from './testing.ts';
import { fixedTokenKeys, trustedTokenKeys } from './token-keys.ts';
import { TokenSigner } from './token-signer.ts';
import { createTokenVerifier, type TokenVerifier } from './token-verifier.ts';

let ours: TestAuthority;
let verifier: TokenVerifier;

beforeAll(async () => {
  ours = await mintTestAuthority();
  verifier = createTokenVerifier(fixedTokenKeys(ours.tokenKeys, ours.pem));
});

describe('a token', () => {
  it('tells subject, scopes and times', async () => {
    const token = await ours.token('alice', ['route', 'publish:alice/*']);
    const verdict = await verifier.verify(token, Date.now());
    expect(verdict).toMatchObject({ type: 'accepted', claims: { subject: 'alice', scopes: ['route', 'publish:alice/*'] } });
    expect(verdict.type === 'accepted' && verdict.claims.expiresAt - verdict.claims.issuedAt).toBe(3_600_000);
  });

  it('is refused from the moment it expires, cached or not', async () => {
    const token = await ours.token('alice', ['route']);
    const inTwoHours = Date.now() + 7_200_000;
    expect(await verifier.verify(token, inTwoHours)).toMatchObject({ type: 'refused', code: 'TOKEN_EXPIRED' });
    expect(await verifier.verify(token, Date.now())).toMatchObject({ type: 'accepted' });
    expect(await verifier.verify(token, inTwoHours)).toMatchObject({ type: 'refused', code: 'TOKEN_EXPIRED' });
  });

  it('is refused when it is of another overlay', async () => {
    const token = await (await mintTestAuthority()).token('alice', ['admin']);
    expect(await verifier.verify(token, Date.now())).toMatchObject({ type: 'refused', code: 'TOKEN_INVALID' });
  });

  it('is refused when one character of it was changed', async () => {
    const token = await ours.token('alice', ['route']);
    const [header, payload, signature] = token.split('.');
    const widened = Buffer.from(Buffer.from(payload!, 'base64url').toString().replace('route', 'admin')).toString('base64url');
    expect(await verifier.verify(`${header}.${widened}.${signature}`, Date.now())).toMatchObject({ code: 'TOKEN_INVALID', message: expect.stringContaining('it was changed') });
  });

  it.each(['', 'rubbish', 'a.b.c', '.'.repeat(3), 'x'.repeat(30_000)])('is refused in our words when it is rubbish (%#)', async (token) => {
    expect(await verifier.verify(token, Date.now())).toMatchObject({ type: 'refused', code: 'TOKEN_INVALID', message: expect.stringMatching(/^the token (is no JWT|is longer than any of ours)$/) });
  });

  it('is refused under any algorithm but EdDSA', async () => {
    const claims = { sub: 'alice', scope: 'admin', jti: '1', iat: 1, exp: 4e9, iss: 'banyan' };
    const kid = ours.tokenKeys.keys[0]!.kid;
    const none = `${Buffer.from(JSON.stringify({ alg: 'none', kid })).toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;
    const hmac = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid }).sign(Buffer.from(ours.tokenKeys.keys[0]!.x.padEnd(32)));
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const rsa = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
    for (const token of [none, hmac, rsa]) expect(await verifier.verify(token, Date.now())).toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('is refused when a claim is missing or has the wrong form', async () => {
    const signer = await TokenSigner.create(generateTokenKey());
    const sign = async (scopes: string[], subject: string) => (await signer.sign({ subject, scopes, now: Date.now(), lifetimeMs: 60_000 })).token;
    const own = createTokenVerifier({ keyFor: () => Promise.resolve(signer.publicKey) });
    expect(await own.verify(await sign(['route'], 'alice'), Date.now())).toMatchObject({ type: 'accepted' });
    expect(await own.verify(await sign(['everything'], 'alice'), Date.now())).toMatchObject({ code: 'TOKEN_INVALID' });
    expect(await own.verify(await sign(['route'], '../alice'), Date.now())).toMatchObject({ code: 'TOKEN_INVALID' });
    expect(await own.verify(await sign(Array.from({ length: 65 }, () => 'route'), 'alice'), Date.now())).toMatchObject({ code: 'TOKEN_INVALID' });
  });

  it('cannot be signed for more than 24 hours', async () => {
    await expect(ours.token('alice', ['route'], 25 * 3_600_000)).rejects.toThrow(RangeError);
  });

  it('says that auth is unreachable when no key is known at all', async () => {
    const blind = createTokenVerifier({ keyFor: () => Promise.resolve('unreachable') });
    expect(await blind.verify(await ours.token('alice', ['route']), Date.now())).toMatchObject({ code: 'AUTH_UNREACHABLE' });
  });
});

describe('trustedTokenKeys', () => {
  it('takes no key that the authority does not vouch for', async () => {
    const other = await mintTestAuthority();
    const [jwk] = ours.tokenKeys.keys;
    const smuggled = { ...other.tokenKeys.keys[0]!, x5c: jwk!.x5c };
    const node = (await ours.issue()).certificateDer;
    const wrongRole = { ...jwk!, x5c: [Buffer.from(node).toString('base64')] };
    const set = { keys: [other.tokenKeys.keys[0], smuggled, wrongRole, { ...jwk, x: '!' }, { ...jwk, x5c: ['?'] }, { ...jwk, x5c: [] }, null, 7, jwk] };
    expect([...trustedTokenKeys(set, ours.authority.certificate).keys()]).toEqual([jwk!.kid]);
  });

  it.each([undefined, null, 7, 'x', {}, { keys: 7 }])('takes nothing from %j', (set) => {
    expect(trustedTokenKeys(set, ours.authority.certificate).size).toBe(0);
  });
});
