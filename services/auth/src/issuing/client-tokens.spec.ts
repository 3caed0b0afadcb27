import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokenVerifier } from '@banyan/identity';
import { AuthWorld, reasonOf } from '../testing/auth-world.ts';
import { hashSecret, matchesSecret, NOBODY } from './secret-hash.ts';

let world: AuthWorld;
let secret: string;

// Every secret costs a hash; so one world serves all.
beforeAll(async () => {
  world = await AuthWorld.create();
  secret = await world.subjects.create({ actor: 'admin', subject: 'ann', scopes: ['route', 'publish:ann/*'] });
});
afterAll(() => world.database.close());

const ask = (change: object = {}) => world.clientTokens.issue({ subject: 'ann', secret, scopes: ['route'], lifetimeMs: 0, ...change });

describe('a client token', () => {
  it('is issued for an hour when nobody says, and verifies', async () => {
    const { token } = await ask({ scopes: ['route', 'publish:ann/news'] });
    const verifier = createTokenVerifier({ keyFor: () => Promise.resolve(world.signer.publicKey) });
    const verdict = await verifier.verify(token, world.now);
    expect(verdict).toMatchObject({ type: 'accepted', claims: { subject: 'ann', scopes: ['route', 'publish:ann/news'], expiresAt: world.now + 3_600_000 } });
  });

  it('lives as long as was asked, up to a day', async () => {
    expect((await ask({ lifetimeMs: 86_400_000 })).claims.expiresAt).toBe(world.now + 86_400_000);
    expect(await reasonOf(ask({ lifetimeMs: 86_401_000 }))).toBe('REQUEST_INVALID');
  });

  it('is refused alike for an unknown subject and a wrong secret', async () => {
    for (const change of [{ subject: 'bob' }, { secret: 'wrong' }, { secret: '' }, { subject: '' }]) expect(await reasonOf(ask(change))).toBe('CLIENT_SECRET_INVALID');
    expect((await world.audit.newest(1))[0]).toMatchObject({ event: 'token_refused', actor: 'unknown' });
  });

  it('is refused with the scope that the subject may not have', async () => {
    for (const scope of ['admin', 'publish:*', 'publish:bob/x', 'subscribe:ann/news']) {
      await expect(ask({ scopes: ['route', scope] })).rejects.toMatchObject({ reason: 'SCOPE_NOT_ALLOWED', metadata: { scope } });
    }
  });

  it('is refused without scopes, with too many, and with what is no scope', async () => {
    for (const scopes of [[], Array.from({ length: 65 }, () => 'route'), ['everything']]) expect(await reasonOf(ask({ scopes }))).toBe('REQUEST_INVALID');
  });

  it('is refused BUSY when too many secrets are being checked', async () => {
    const reasons = await Promise.all(Array.from({ length: 6 }, () => reasonOf(ask())));
    expect(reasons.filter((reason) => reason === 'BUSY')).toHaveLength(4);
  });
});

describe('subjects', () => {
  it('get a new secret when made again, and none when removed', async () => {
    const cleo = { actor: 'admin', subject: 'cleo', scopes: ['route'] };
    const [first, second] = [await world.subjects.create(cleo), await world.subjects.create(cleo)];
    const asCleo = (of: string) => ask({ subject: 'cleo', secret: of });
    expect(await reasonOf(asCleo(first))).toBe('CLIENT_SECRET_INVALID');
    await asCleo(second);
    await world.subjects.remove(cleo);
    expect(await reasonOf(asCleo(second))).toBe('CLIENT_SECRET_INVALID');
    await world.subjects.remove({ actor: 'admin', subject: 'nobody' });
  });

  it('have names and scopes of the right form', async () => {
    for (const subject of ['', 'A', 'a/b', '..', 'a'.repeat(65)]) expect(await reasonOf(world.subjects.create({ actor: 'admin', subject, scopes: [] }))).toBe('REQUEST_INVALID');
    expect(await reasonOf(world.subjects.create({ actor: 'admin', subject: 'bob', scopes: ['all'] }))).toBe('REQUEST_INVALID');
  });

  it('include admin with the secret of the configuration, old or new', async () => {
    const asAdmin = (of: string) => world.clientTokens.issue({ subject: 'admin', secret: of, scopes: ['admin', 'publish:*'], lifetimeMs: 0 });
    await world.subjects.putAdmin('the first long secret');
    await asAdmin('the first long secret');
    await world.subjects.putAdmin('the first long secret');
    await world.subjects.putAdmin('another long secret');
    await asAdmin('another long secret');
    expect(await reasonOf(asAdmin('the first long secret'))).toBe('CLIENT_SECRET_INVALID');
  });
});

describe('a hashed secret', () => {
  it('is argon2id with a salt of its own, and matches its secret only', async () => {
    const [one, two] = [await hashSecret('secret'), await hashSecret('secret')];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=47104,t=1,p=1\$/);
    expect(one).not.toBe(two);
    expect(await matchesSecret('secret', one)).toBe(true);
    expect(await matchesSecret('Secret', one)).toBe(false);
  });

  it('of nobody, or of a damaged row, matches nothing', async () => {
    expect(await matchesSecret('', NOBODY)).toBe(false);
    expect(await matchesSecret('secret', 'rubbish')).toBe(false);
  });
});
