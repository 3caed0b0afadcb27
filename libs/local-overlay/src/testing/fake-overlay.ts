import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mintTestAuthority } from '@banyan/identity/testing';
import type { Programs } from '../programs.ts';

const fakeService = fileURLToPath(new URL('fake-service.mjs', import.meta.url));

/** Every kind of process is the same stand-in. */
export const fakePrograms: Programs = { auth: fakeService, bootstrap: fakeService, 'tree-builder': fakeService, console: fakeService, 'pastry-node': fakeService };

/** An empty directory for an overlay, and the variables that let the stand-in of auth serve TLS. */
export async function fakeOverlay(): Promise<{ readonly directory: string; readonly dataDir: string; readonly env: Readonly<Record<string, string>> }> {
  const directory = await mkdtemp(join(tmpdir(), 'banyan-launcher-'));
  const { pem, issue } = await mintTestAuthority();
  const { key, certificate } = await issue();
  const env = { TEST_AUTHORITY: join(directory, 'authority'), TEST_KEY: join(directory, 'key'), TEST_CERTIFICATE: join(directory, 'certificate') };
  await writeFile(env.TEST_AUTHORITY, pem);
  await writeFile(env.TEST_KEY, key);
  await writeFile(env.TEST_CERTIFICATE, certificate);
  return { directory, dataDir: join(directory, 'data'), env };
}
