import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assembleCredentials, certificateToPem, type Credentials } from './credentials.ts';
import { IdentityFileError, IdentityStore } from './identity-store.ts';
import { privateKeyToPem, publicKeyToSpki } from './keys.ts';
import { drawSalt, nodeId } from './node-id.ts';
import { mintTestAuthority, type TestAuthority } from './testing.ts';

let directory: string;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'banyan-identity-')), 'node-1');
});
afterEach(() => rm(join(directory, '..'), { recursive: true }));

describe('IdentityStore', () => {
  it('makes one key and keeps it, for its owner only', async () => {
    const first = await (await IdentityStore.open(directory)).privateKey();
    const second = await (await IdentityStore.open(directory)).privateKey();
    expect(first.equals(second)).toBe(true);
    expect((await stat(join(directory, 'key.pem'))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('gives back the credentials it saved, under the same authority', async () => {
    const ours = await mintTestAuthority();
    const store = await IdentityStore.open(directory);
    expect(await store.credentials(ours.pem)).toBeUndefined();
    const credentials = await credentialsOf(store, ours);
    await store.save(credentials);
    expect((await (await IdentityStore.open(directory)).credentials(ours.pem))?.identity).toEqual(credentials.identity);
    expect((await readdir(directory)).toSorted()).toEqual(['authority.pem', 'certificate.pem', 'key.pem']);
  });

  it('has none under another authority: the overlay was made anew', async () => {
    const [ours, another] = [await mintTestAuthority(), await mintTestAuthority()];
    const store = await IdentityStore.open(directory);
    await store.save(await credentialsOf(store, ours));
    expect(await store.credentials(another.pem)).toBeUndefined();
  });

  it('names a damaged file and leaves it', async () => {
    const store = await IdentityStore.open(directory);
    await writeFile(join(directory, 'key.pem'), 'rubbish');
    await expect(store.privateKey()).rejects.toThrow(IdentityFileError);
    await expect(store.privateKey()).rejects.toThrow('key.pem');
    const ours = await mintTestAuthority();
    await rm(join(directory, 'key.pem'));
    await store.save(await credentialsOf(store, ours));
    await writeFile(join(directory, 'certificate.pem'), 'rubbish');
    await expect(store.credentials(ours.pem)).rejects.toThrow('certificate.pem');
  });
});

// Incarnation = max(stored + 1, wall milliseconds).
describe('nextIncarnation', () => {
  it('is the wall clock, or one more than before when the clock stood still or went back', async () => {
    const store = await IdentityStore.open(directory);
    expect(await store.nextIncarnation(5_000)).toBe(5_000);
    expect(await store.nextIncarnation(5_000)).toBe(5_001);
    expect(await store.nextIncarnation(1_000)).toBe(5_002);
    expect(await (await IdentityStore.open(directory)).nextIncarnation(9_000)).toBe(9_000);
  });

  it('does not start over when its file is damaged', async () => {
    const store = await IdentityStore.open(directory);
    await writeFile(join(directory, 'incarnation'), 'many');
    await expect(store.nextIncarnation(1)).rejects.toThrow('incarnation');
  });
});

async function credentialsOf(store: IdentityStore, ours: TestAuthority): Promise<Credentials> {
  const privateKey = await store.privateKey();
  const publicKey = publicKeyToSpki(privateKey);
  const salt = drawSalt();
  const { der } = await ours.authority.issue({ id: nodeId(publicKey, salt), salt, role: 'node', addresses: [], publicKey, now: Date.now() });
  return assembleCredentials({ key: privateKeyToPem(privateKey), certificate: certificateToPem(der), authority: ours.pem })!;
}
