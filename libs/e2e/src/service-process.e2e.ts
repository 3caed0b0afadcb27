// The life of a service process: what it prints, and what it ends with. Auth stands for all of them where it can: it needs
// nobody else.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterAll, expect, it } from 'vitest';
import { CliProcess } from './testing/cli-process.ts';
import { eventually } from './testing/eventually.ts';
import { OtlpReceiver } from './testing/otlp-receiver.ts';
import { startTestOverlay } from './testing/test-overlay.ts';

const servicesDirectory = join(import.meta.dirname, '..', '..', '..', 'services');
const folder = mkdtempSync(join(tmpdir(), 'banyan-service-process-'));
const dataDir = join(folder, 'auth');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Line {
  readonly event: string;
  readonly reason?: string;
  readonly message?: string;
  readonly cause?: string;
  readonly addresses?: Readonly<Record<string, string>>;
}

/** A service with everything it prints. It ends with this process, whatever becomes of the test. */
class Service {
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #stdout = '';
  #stderr = '';

  constructor(service: string, flags: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^BANYAN_|_COLOR$/.test(name)));
    this.#child = spawn(process.execPath, [join(servicesDirectory, service, 'dist', 'main.js'), ...flags], {
      env: { ...clean, ...env, BANYAN_STOP_WITH_STDIN: 'true' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdout.on('data', (chunk: Buffer) => void (this.#stdout += chunk.toString()));
    this.#child.stderr.on('data', (chunk: Buffer) => void (this.#stderr += chunk.toString()));
    this.ended = once(this.#child, 'close').then(([code]) => ({ code: code as number | null, stdout: this.#stdout, stderr: this.#stderr }));
  }

  /** The first line on stdout. */
  async ready(): Promise<Line> {
    while (!this.#stdout.includes('\n')) await once(this.#child.stdout, 'data');
    return lines(this.#stdout)[0] as Line;
  }

  /** Resolves when its log has such an event. */
  async logged(event: string): Promise<void> {
    while (!this.#stderr.includes(`"event":"${event}"`)) await once(this.#child.stderr, 'data');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  closeStdin(): void {
    this.#child.stdin.end();
  }
}

/** Every line must be JSON: nothing that a library says comes between. */
function lines(text: string): readonly Line[] {
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

it('prints one ready line, logs in JSON, and ends with 0 at SIGTERM; equal signals within a second are one', async () => {
  const service = new Service('auth', ['--data-dir', dataDir]);
  expect(await service.ready()).toMatchObject({ event: 'service_ready', service: 'auth', addresses: { api: expect.stringMatching(/:[1-9]\d*$/) as string } });
  for (const signal of ['SIGTERM', 'SIGTERM'] as const) service.signal(signal);
  const { code, stdout, stderr } = await service.ended;
  expect(code).toBe(0);
  expect(lines(stdout)).toHaveLength(1);
  expect(lines(stderr).map(({ event }) => event)).toEqual(['service_starting', 'authority_created', 'service_ready', 'service_stopping', 'service_stopped']);
  expect(existsSync(join(dataDir, 'lock'))).toBe(false);
});

it('logs in JSON what Node itself warns of', async () => {
  const service = new Service('auth', ['--data-dir', dataDir], { NO_COLOR: '1', FORCE_COLOR: '1' });
  await service.logged('service_ready');
  service.signal('SIGTERM');
  const { code, stderr } = await service.ended;
  expect(code).toBe(0);
  expect(lines(stderr)).toContainEqual(expect.objectContaining({ event: 'process_warning', message: expect.stringContaining('NO_COLOR') as string }));
});

it('ends with 0 when the launcher at the other end of stdin is gone', async () => {
  const service = new Service('auth', ['--data-dir', dataDir]);
  await service.ready();
  service.closeStdin();
  const { code, stderr } = await service.ended;
  expect(code).toBe(0);
  expect(lines(stderr)).toContainEqual(expect.objectContaining({ event: 'service_stopping', cause: 'stdin' }));
});

it('gives whoever knows a secret a token, by a command', async () => {
  const service = new Service('auth', ['--data-dir', dataDir, '--initial-admin-secret', 'sixteen-and-more']);
  const { addresses } = await service.ready();
  const ask = (secret: string): CliProcess =>
    new CliProcess(folder, ['token', '--auth', addresses?.['api'] ?? '', '--authority', join(dataDir, 'ca.pem')], { BANYAN_SECRET: secret });
  const { code, stdout } = await ask('sixteen-and-more').ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  expect(await ask('another').ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('(CLIENT_SECRET_INVALID)') as string });
  service.signal('SIGTERM');
  expect((await service.ended).code).toBe(0);
});

it('takes over the lock of one that was killed, and is told who holds it while one lives', async () => {
  const killed = new Service('auth', ['--data-dir', dataDir]);
  await killed.ready();
  const second = new Service('auth', ['--data-dir', dataDir]);
  expect(await failureOf(second)).toMatchObject({ code: 1, reason: 'DATA_DIR_LOCKED' });
  killed.signal('SIGKILL');
  await killed.ended;
  const third = new Service('auth', ['--data-dir', dataDir]);
  await third.ready();
  third.signal('SIGINT');
  const { code, stderr } = await third.ended;
  expect(code).toBe(0);
  expect(lines(stderr)).toContainEqual(expect.objectContaining({ event: 'stale_lock_removed' }));
});

it('says in one line why it does not start', async () => {
  const running = new Service('auth', ['--data-dir', dataDir]);
  const { addresses = {} } = await running.ready();
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  const fails = (...flags: readonly string[]) => failureOf(new Service('auth', flags));
  const taken = addresses['api'] ?? '';
  expect(await Promise.all([fails('--colour', 'green'), fails('--data-dir', file), fails('--data-dir', join(folder, 'b'), '--api-listen', taken), fails('--data-dir', join(folder, 'c'), '--admin-listen', taken)])).toMatchObject([
    { code: 2, reason: 'CONFIG_INVALID', message: expect.stringContaining('--colour') as string },
    { code: 1, reason: 'DATA_DIR_UNUSABLE' },
    { code: 1, reason: 'PORT_TAKEN', message: expect.stringContaining(taken) as string },
    { code: 1, reason: 'PORT_TAKEN', message: expect.stringContaining(taken) as string },
  ]);
  running.signal('SIGTERM');
  await running.ended;
});

it('names every wrong setting at once, and a latency map that is none', async () => {
  const map = join(folder, 'map.txt');
  writeFileSync(map, '0 1\n1');
  const node = (name: string, env: Readonly<Record<string, string>>, ...flags: readonly string[]) => failureOf(new Service('pastry-node', [...member(name, join(folder, 'none.pem')), ...flags], env));
  const [settings, bad, missing] = await Promise.all([
    node('d', { BANYAN_NO_SUCH: '1' }, '--leaf-set-size', '7'),
    node('e', { BANYAN_EMULATE_LATENCY: map }),
    node('f', { BANYAN_EMULATE_LATENCY: join(folder, 'nowhere') }),
  ]);
  expect(settings).toMatchObject({ code: 2, reason: 'CONFIG_INVALID', message: expect.stringMatching(/leaf-set-size[\s\S]*BANYAN_NO_SUCH|BANYAN_NO_SUCH[\s\S]*leaf-set-size/) as string });
  expect(bad).toMatchObject({ code: 1, reason: 'LATENCY_MAP_INVALID', message: `${map} is no latency map: row 2 has 1 numbers, not 2` });
  expect(missing).toMatchObject({ code: 1, reason: 'FILE_NOT_FOUND' });
});

it('ends with 0 when it is asked to stop while it still waits', async () => {
  const authority = join(folder, 'not-yet.pem');
  for (const event of ['service_starting', 'authority_awaited']) {
    const waiting = new Service('bootstrap', member(event, authority));
    await waiting.logged(event);
    waiting.signal('SIGTERM');
    expect(await waiting.ended).toMatchObject({ code: 0, stdout: '' });
  }
});

it('explains and checks its settings without starting', async () => {
  const help = await new Service('auth', ['--help']).ended;
  expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('BANYAN_API_LISTEN') as string, stderr: '' });
  const checked = await new Service('auth', ['--check-config', '--initial-admin-secret', 'nobody may read this']).ended;
  expect(checked).toMatchObject({ code: 0, stderr: '' });
  expect(lines(checked.stdout)).toMatchObject([{ event: 'config_checked' }]);
  expect(checked.stdout).not.toContain('nobody may read this');
  const node = await new Service('pastry-node', [...member('g', 'none.pem'), '--check-config'], { BANYAN_LEAF_SET_SIZE: '16' }).ended;
  expect(lines(node.stdout)).toMatchObject([{ config: { leafSetSize: 16 } }]);
});

/** The settings of a member whose auth is away. */
function member(name: string, authorityFile: string): readonly string[] {
  return ['--data-dir', join(folder, name), '--authority-file', authorityFile, '--auth-address', '127.0.0.1:1', '--jwks-url', 'http://127.0.0.1:1/'];
}

async function failureOf(service: Service): Promise<{ readonly code: number | null } & Partial<Line>> {
  const { code, stdout, stderr } = await service.ended;
  expect(stdout).toBe('');
  const errors = lines(stderr).filter((line) => 'level' in line && line.level === 'error');
  expect(errors).toHaveLength(1);
  return { code, ...errors[0] };
}

it('reads its settings again at SIGHUP: takes over what it can, says what waits, and lives on when they have faults', async () => {
  const file = join(folder, 'reload.yaml');
  writeFileSync(file, `dataDir: ${join(folder, 'reload')}\nlogLevel: info\n`);
  const service = new Service('auth', ['--config', file]);
  const { addresses } = await service.ready();
  writeFileSync(file, `dataDir: ${join(folder, 'elsewhere')}\nlogLevel: debug\n`);
  service.signal('SIGHUP');
  await service.logged('reload_needs_restart');
  writeFileSync(file, 'logLevel: loud\n');
  service.signal('SIGHUP');
  await service.logged('reload_refused');
  const page = (await (await fetch(`http://${addresses?.['admin'] ?? ''}/config`)).json()) as { readonly config: Readonly<Record<string, unknown>> };
  expect(page.config).toMatchObject({ logLevel: 'debug', dataDir: join(folder, 'reload') });
  const metrics = await (await fetch(`http://${addresses?.['admin'] ?? ''}/metrics`)).text();
  expect(metrics).toContain('banyan_config_reloads_total{outcome="needs_restart"} 1');
  expect(metrics).toMatch(/banyan_certificate_expires_in_seconds\{certificate="tokens"\} \d+/);
  service.signal('SIGTERM');
  expect((await service.ended).code).toBe(0);
});

it('keeps another share of traces and takes fewer streams of clients after SIGHUP, and ends none', async () => {
  await using receiver = await OtlpReceiver.start();
  const file = join(folder, 'node.yaml');
  writeFileSync(file, 'traceSampling: 0\n');
  await using overlay = await startTestOverlay({ dataDir: join(folder, 'overlay'), nodes: 1, env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_BSP_SCHEDULE_DELAY: '100' }, envOf: (name) => (name === 'node-1' ? { BANYAN_CONFIG: file } : {}) });
  using client = await overlay.connect();
  using impatient = await overlay.connect({ patienceMs: 1 });
  const nodesOfTraces = (): boolean => receiver.spans.some(({ instance }) => instance === 'node-1');
  await client.groups.create('admin/limits');
  const first = await client.subscribe('admin/limits');
  const publisher = await client.publish('admin/limits');
  await publisher.send(Buffer.from('1'));
  await client.overlay.lookup('a key');
  expect(nodesOfTraces()).toBe(false);
  writeFileSync(file, 'traceSampling: 1\nclientStreamsMax: 2\n');
  await overlay.kill('node-1', 'SIGHUP');
  await eventually('a trace is kept', async () => {
    await client.overlay.lookup('a key');
    return nodesOfTraces();
  });
  const refused = await impatient.subscribe('admin/limits').then(() => undefined, (error: unknown) => error);
  expect(refused).toMatchObject({ reason: 'BUSY', message: expect.stringContaining('2 streams') as string });
  await publisher.send(Buffer.from('2'));
  await publisher.close();
  const received: string[] = [];
  for await (const event of first) {
    if (event.type === 'messages') received.push(...event.messages.map((message) => Buffer.from(message).toString()));
    if (received.length === 2) break;
  }
  expect(received).toEqual(['1', '2']);
});
