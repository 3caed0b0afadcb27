// The first client of the README runs as it stands there.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, it } from 'vitest';
import { banyanCommand } from './testing/cli-process.ts';
import { startTestOverlay } from './testing/test-overlay.ts';

const projectRoot = join(import.meta.dirname, '..', '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'banyan-readme-'));
// Beside the project's own packages, where a reader would put it.
const script = join(projectRoot, 'node_modules', '.banyan-readme-client.mjs');

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(script, { force: true });
});

it('echoes what is routed to a key, at its root, and goes on', async () => {
  const [, code] = /```js\n([\s\S]*?)```/.exec(readFileSync(join(projectRoot, 'README.md'), 'utf8')) ?? [];
  expect(code?.trim().split('\n')).toHaveLength(10);
  writeFileSync(script, code ?? '');
  await using overlay = await startTestOverlay({ dataDir: join(folder, 'data'), nodes: 3 });
  const client = spawn(process.execPath, [script], { env: { ...process.env, BANYAN_DATA_DIR: overlay.paths.dataDir }, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  expect(await lines.next()).toMatchObject({ value: expect.stringMatching(/^[0-9a-f]{32} got hello after \d hops$/) as string });
  await banyanCommand(overlay.paths.dataDir, 'route', 'another key', '--application', 'echo', '--payload', 'more');
  expect(await lines.next()).toMatchObject({ value: expect.stringContaining('got more') as string });
  client.kill();
  await once(client, 'close');
});
