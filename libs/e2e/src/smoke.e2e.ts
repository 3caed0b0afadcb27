// The program of the smoke container, run as a process against a live overlay: what it says and how it ends.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { startTestOverlay } from './testing/test-overlay.ts';

const run = promisify(execFile);
const program = join(import.meta.dirname, '..', '..', '..', 'deploy', 'compose', 'smoke.mjs');
const dataDir = mkdtempSync(join(tmpdir(), 'banyan-smoke-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

it('publishes, subscribes and says that all came', async () => {
  await using overlay = await startTestOverlay({ dataDir, nodes: 2 });
  const { services, nodes } = overlay.file;
  const { adminSecret } = JSON.parse(readFileSync(overlay.paths.secretsFile, 'utf8')) as { readonly adminSecret: string };
  const env = {
    ...process.env,
    BANYAN_AUTHORITY_FILE: overlay.paths.authorityFile,
    BANYAN_AUTH_ADDRESS: services.auth?.addresses['api'],
    BANYAN_TREE_BUILDER_ADDRESS: services['tree-builder']?.addresses['api'],
    BANYAN_NODE_ADDRESSES: nodes.map(({ addresses }) => addresses['api']).join(),
  };
  const { stdout } = await run(process.execPath, [program], { env: { ...env, BANYAN_SECRET: adminSecret } });
  expect(stdout).toMatch(/^1000 messages published at .* once and in order, in \d+ ms\n$/);
  await expect(run(process.execPath, [program], { env: { ...env, BANYAN_SECRET: '' } })).rejects.toMatchObject({ code: 1, stderr: 'smoke: BANYAN_SECRET is not set\n' });
});
