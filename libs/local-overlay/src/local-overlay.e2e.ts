import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findOverlay } from './find-overlay.ts';
import type { LaunchOptions } from './launch-options.ts';
import { startOverlay } from './local-overlay.ts';
import { isAlive } from './process-identity.ts';
import { fakeOverlay, fakePrograms } from './testing/fake-overlay.ts';

describe('a local overlay of processes', () => {
  let fake: Awaited<ReturnType<typeof fakeOverlay>>;
  let options: LaunchOptions;

  beforeEach(async () => {
    fake = await fakeOverlay();
    options = { dataDir: fake.dataDir, nodes: 3, programs: fakePrograms, env: fake.env };
  });
  afterEach(() => rm(fake.directory, { recursive: true, force: true }));

  it('starts, is found by whoever stands below it, and leaves no process and no lock', async () => {
    const names: string[] = [];
    const overlay = await startOverlay({ ...options, dataDir: join(fake.directory, '.banyan'), onProgress: ({ name }) => names.push(name) });
    expect(names.slice(0, 1)).toEqual(['auth']);
    expect(names.slice(1, 3).sort()).toEqual(['bootstrap', 'tree-builder']);
    expect(names.slice(3).sort()).toEqual(['node-1', 'node-2', 'node-3']);

    const below = join(fake.directory, 'a', 'b');
    await mkdir(below, { recursive: true });
    const found = await findOverlay({ env: {}, cwd: below });
    expect(found.token).toBe('token');
    expect(found.file.nodes.map((node) => node.name)).toEqual(['node-1', 'node-2', 'node-3']);
    expect((await stat(overlay.paths.tokenFile)).mode & 0o777).toBe(0o600);
    expect((await stat(overlay.paths.secretsFile)).mode & 0o777).toBe(0o600);

    const pids = pidsOf(overlay.file);
    await overlay.stop();
    expect(pids.filter((pid) => isAlive({ pid }))).toEqual([]);
    await expect(findOverlay({ env: {}, cwd: below })).rejects.toMatchObject({ reason: 'OVERLAY_NOT_FOUND' });
    expect(await readdir(overlay.paths.dataDir)).not.toContain('launcher.lock');
  });

  it('tells each process what it needs, and nothing that is meant for the launcher', async () => {
    process.env['BANYAN_STRANGE'] = 'x';
    await using overlay = await startOverlay({ ...options, nodes: 2, nodeConfig: (_name, index) => ({ logLevel: 'debug', capacity: index }) });
    delete process.env['BANYAN_STRANGE'];
    const [first, second] = await Promise.all(['node-1', 'node-2'].map((name) => environmentOf(overlay.paths.dirOf(name))));
    expect(first).toMatchObject({ BANYAN_FIRST: 'true', BANYAN_NAME: 'node-1', BANYAN_LOG_LEVEL: 'debug', BANYAN_CAPACITY: '0', BANYAN_STOP_WITH_STDIN: 'true' });
    expect(second).not.toHaveProperty('BANYAN_FIRST');
    expect(second).not.toHaveProperty('BANYAN_STRANGE');
    const auth = await environmentOf(overlay.paths.dirOf('auth'));
    expect(auth?.['BANYAN_INITIAL_ENROLMENT_TOKEN']).toBe(second?.['BANYAN_ENROLMENT_TOKEN']);
  });

  it('uses the same secrets and directories at a second start', async () => {
    const first = await startOverlay({ ...options, nodes: 1 });
    await first.stop();
    const secrets = await readFile(first.paths.secretsFile, 'utf8');
    await using second = await startOverlay({ ...options, nodes: 1 });
    expect(await readFile(second.paths.secretsFile, 'utf8')).toBe(secrets);
    expect(await readFile(join(second.paths.dirOf('node-1'), 'starts'), 'utf8')).toBe('2');
  });

  it('refuses a directory where an overlay runs, and takes one over whose launcher is gone', async () => {
    const running = await startOverlay({ ...options, nodes: 1 });
    await expect(startOverlay(options)).rejects.toMatchObject({ reason: 'OVERLAY_RUNNING', metadata: { pid: String(process.pid) } });
    await running.stop();
    await writeFile(running.paths.lockFile, JSON.stringify({ pid: process.pid, startTicks: '1' })); // the number was given to us since
    await (await startOverlay({ ...options, nodes: 1 })).stop();
  });

  it.each([
    ['fail', { reason: 'PORT_TAKEN', message: expect.stringContaining('node-2 did not start: port 7001 is taken') as string }],
    ['crash', { reason: 'SERVICE_FAILED', message: expect.stringContaining('TypeError: a bug') as string }],
    ['silent', { reason: 'SERVICE_FAILED', message: expect.stringContaining('was not ready within 1.5 s') as string }],
  ])('says what went wrong when a process does not start (%s), and leaves none', async (misbehaviour, error) => {
    const env = { ...fake.env, TEST_WHO: 'node-2', TEST_MISBEHAVIOUR: misbehaviour };
    await expect(startOverlay({ ...options, nodes: 2, env, readyTimeoutMs: 1_500 })).rejects.toMatchObject(error);
    const pids = await Promise.all(['auth', 'bootstrap', 'tree-builder', 'node-1', 'node-2'].map(async (name) => Number(await readFile(join(fake.dataDir, name, 'pid'), 'utf8'))));
    expect(pids.filter((pid) => isAlive({ pid }))).toEqual([]);
    await (await startOverlay({ ...options, nodes: 1 })).stop(); // nothing holds the directory
  });

  it('says which program cannot be run', async () => {
    const programs = { ...fakePrograms, bootstrap: '/nowhere/main.js' };
    await expect(startOverlay({ ...options, programs })).rejects.toMatchObject({ reason: 'SERVICE_FAILED', message: expect.stringContaining('bootstrap did not start') as string });
  });

  it('kills, restarts on the same addresses, and adds nodes', async () => {
    const deaths: string[] = [];
    await using overlay = await startOverlay({ ...options, nodes: 2, onDeath: (name) => deaths.push(name) });
    const before = overlay.process('node-2').ready.addresses['admin'];
    await overlay.kill('node-2', 'SIGKILL');
    expect(deaths).toEqual(['node-2']);
    await overlay.restart('node-2');
    expect(overlay.process('node-2').ready.addresses['admin']).toBe(before);
    expect((await overlay.addNode()).name).toBe('node-3');
    expect((await findOverlay({ dataDir: fake.dataDir, env: {}, cwd: '/' })).file.nodes).toHaveLength(3);
  });

  it('kills a process that does not stop when asked', async () => {
    const env = { ...fake.env, TEST_WHO: 'node-1', TEST_MISBEHAVIOUR: 'stubborn' };
    const overlay = await startOverlay({ ...options, nodes: 1, env, stopGraceMs: 300 });
    const { exited } = overlay.process('node-1');
    await overlay.stop();
    expect(await exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('stops what it began when the start is interrupted', async () => {
    const abort = new AbortController();
    const starting = startOverlay({ ...options, signal: abort.signal, onProgress: ({ name }) => name === 'auth' && abort.abort() });
    await expect(starting).rejects.toMatchObject({ reason: 'CANCELLED' });
    await (await startOverlay({ ...options, nodes: 1 })).stop();
  });

  it('leaves no process when the launcher is killed', async () => {
    const launch = fileURLToPath(new URL('testing/launch.ts', import.meta.url));
    const launcher = spawn(process.execPath, ['--experimental-transform-types', '--conditions=@banyan/source', launch, fake.dataDir, JSON.stringify(fake.env)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: launcher.stdout }), 'line')) as [string];
    const pids = JSON.parse(line) as number[];
    expect(pids).toHaveLength(5);
    launcher.kill('SIGKILL');
    await once(launcher, 'exit');
    // A second start in the same directory waits for what is left of the first.
    await (await startOverlay({ ...options, nodes: 1 })).stop();
    expect(pids.filter((pid) => isAlive({ pid }))).toEqual([]);
  });

  it('says what to do when the data directory cannot be used', async () => {
    await writeFile(fake.dataDir, 'a file');
    await expect(startOverlay(options)).rejects.toMatchObject({ reason: 'DATA_DIR_UNUSABLE' });
  });
});

function pidsOf(file: { readonly services: object; readonly nodes: readonly { readonly pid: number }[] }): number[] {
  return [...(Object.values(file.services) as { readonly pid: number }[]), ...file.nodes].map((entry) => entry.pid);
}

async function environmentOf(directory: string): Promise<Record<string, string>> {
  return JSON.parse(await readFile(join(directory, 'env.json'), 'utf8')) as Record<string, string>;
}
