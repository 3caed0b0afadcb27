// A service as a process: what it prints and how it ends, whatever it is given.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const node = join(import.meta.dirname, '..', '..', '..', 'services', 'pastry-node', 'dist', 'main.js');
const folder = mkdtempSync(join(tmpdir(), 'banyan-service-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  /** The last JSON line of stderr. */
  readonly last: Readonly<Record<string, unknown>>;
}

/** Runs the node service to its end; `meanwhile` sees every line of its log. */
function run(words: readonly string[], env: Readonly<Record<string, string>> = {}, meanwhile: (line: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined): Promise<Ended> {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BANYAN_')));
  const child = spawn(process.execPath, [node, ...words], { env: { ...clean, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    meanwhile(stderr, (signal) => child.kill(signal));
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, last: JSON.parse(stderr.trim().split('\n').at(-1) || '{}') as Ended['last'] }));
  });
}

const dataDir = (name: string): readonly string[] => ['--data-dir', join(folder, name), '--authority-file', join(folder, 'none.pem'), '--auth-address', '127.0.0.1:1', '--jwks-url', 'http://127.0.0.1:1/keys'];

it('explains itself and checks its settings without starting', async () => {
  const [help, checked] = await Promise.all([run(['--help']), run([...dataDir('a'), '--check-config'], { BANYAN_LEAF_SET_SIZE: '16' })]);
  expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('--emulate-latency')]);
  expect([checked.code, JSON.parse(checked.stdout)]).toMatchObject([0, { event: 'config_checked', config: { leafSetSize: 16 } }]);
});

it('ends with 2 and one message that names every wrong setting', async () => {
  const { code, last } = await run([...dataDir('b'), '--leaf-set-size', '7'], { BANYAN_NO_SUCH: '1' });
  expect([code, last]).toMatchObject([2, { event: 'service_failed', reason: 'CONFIG_INVALID' }]);
  expect(last['message']).toMatch(/leaf-set-size[\s\S]*BANYAN_NO_SUCH|BANYAN_NO_SUCH[\s\S]*leaf-set-size/);
});

it('ends with 1 and one sentence where a latency map is none', async () => {
  const file = join(folder, 'map.txt');
  writeFileSync(file, '0 1\n1');
  const [bad, missing] = await Promise.all([run(dataDir('c'), { BANYAN_EMULATE_LATENCY: file }), run(dataDir('d'), { BANYAN_EMULATE_LATENCY: join(folder, 'nowhere') })]);
  expect([bad.code, bad.last]).toMatchObject([1, { reason: 'LATENCY_MAP_INVALID', message: `${file} is no latency map: row 2 has 1 numbers, not 2` }]);
  expect([missing.code, missing.last]).toMatchObject([1, { reason: 'FILE_NOT_FOUND' }]);
});

it('ends with 0 when it is asked to stop while it starts', async () => {
  const { code, stdout } = await run([...dataDir('e'), '--enrolment-token', 'x'], {}, (log, kill) => log.includes('service_starting') && kill('SIGTERM'));
  expect([code, stdout]).toEqual([0, '']);
});
