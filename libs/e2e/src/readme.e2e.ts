// The first client of the README runs as it stands there.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { startTestOverlay } from './testing/test-overlay.ts';

const projectRoot = join(import.meta.dirname, '..', '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'banyan-readme-'));
// Beside the project's own packages, where a reader would put it.
const script = join(projectRoot, 'node_modules', '.banyan-readme-client.mjs');

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(script, { force: true });
});

it('echoes what is routed to a key, at its root', async () => {
  const [, code] = /```js\n([\s\S]*?)```/.exec(readFileSync(join(projectRoot, 'README.md'), 'utf8')) ?? [];
  writeFileSync(script, code ?? '');
  await using overlay = await startTestOverlay({ dataDir: join(folder, 'data'), nodes: 3 });
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env: { ...process.env, BANYAN_DATA_DIR: overlay.paths.dataDir }, timeout: 60_000 });
  expect(stdout).toMatch(/^[0-9a-f]{32} got: hello$/m);
  expect(stdout).toMatch(/delivered after \d hops/);
});
