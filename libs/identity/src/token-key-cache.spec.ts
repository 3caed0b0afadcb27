import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mintTestAuthority, type TestAuthority } from './testing.ts';
import { TokenKeyCache } from './token-key-cache.ts';

let ours: TestAuthority;
let directory: string;
let now = 0;
let asked = 0;

beforeEach(async () => {
  ours = await mintTestAuthority();
  directory = await mkdtemp(join(tmpdir(), 'banyan-keys-'));
  now = 1_000;
  asked = 0;
});
afterEach(() => rm(directory, { recursive: true }));

describe('TokenKeyCache', () => {
  it('asks auth when a token names an unknown key, and keeps the answer', async () => {
    const cache = await open(() => Response.json(ours.tokenKeys));
    const { kid } = ours.tokenKeys.keys[0]!;
    expect(await cache.keyFor(kid)).toBeTypeOf('object');
    expect(await cache.keyFor(kid)).toBeTypeOf('object');
    expect(asked).toBe(1);
    expect(JSON.parse(await readFile(join(directory, 'jwks.json'), 'utf8'))).toEqual(ours.tokenKeys);
  });

  it('does not ask again for 10 s, however many unknown keys are named', async () => {
    const cache = await open(() => Response.json(ours.tokenKeys));
    for (let i = 0; i < 5; i++) expect(await cache.keyFor(`key-${i}`)).toBeUndefined();
    expect(asked).toBe(1);
    now += 10_000;
    await Promise.all([cache.keyFor('key-6'), cache.keyFor('key-7')]);
    expect(asked).toBe(2);
  });

  it('verifies by what is on disk when auth is down', async () => {
    await (await open(() => Response.json(ours.tokenKeys))).refresh();
    const restarted = await open(() => Promise.reject(new TypeError('fetch failed')));
    expect(await restarted.keyFor(ours.tokenKeys.keys[0]!.kid)).toBeTypeOf('object');
    expect(asked).toBe(1);
  });

  it('says unreachable while it knows nothing', async () => {
    const cache = await open(() => new Response('', { status: 500 }));
    expect(await cache.keyFor('key')).toBe('unreachable');
  });

  it('does not keep a set of another overlay, rubbish, or one that is too long', async () => {
    const foreign = (await mintTestAuthority()).tokenKeys;
    for (const body of [JSON.stringify(foreign), '{', JSON.stringify(ours.tokenKeys).padEnd(70_000)]) {
      const cache = await open(() => new Response(body));
      expect(await cache.keyFor(ours.tokenKeys.keys[0]!.kid)).toBe('unreachable');
      await expect(readFile(join(directory, 'jwks.json'))).rejects.toThrow('ENOENT');
    }
  });

  it('takes a damaged file for none', async () => {
    await writeFile(join(directory, 'jwks.json'), '{"keys":');
    const cache = await open(() => Response.json(ours.tokenKeys));
    expect(await cache.keyFor(ours.tokenKeys.keys[0]!.kid)).toBeTypeOf('object');
  });
});

function open(answer: () => Response | Promise<Response>): Promise<TokenKeyCache> {
  const fetchSet = (() => {
    asked++;
    return Promise.resolve(answer());
  }) as typeof fetch;
  return TokenKeyCache.open({ url: 'http://auth/jwks', file: join(directory, 'jwks.json'), authority: ours.pem, now: () => now, fetch: fetchSet });
}
