import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '@banyan/config';
import { OverlayError } from '@banyan/grpc';
import { createTokenVerifier, fixedTokenKeys } from '@banyan/identity';
import { mintTestAuthority } from '@banyan/identity/testing';
import { NO_LOGGER } from '@banyan/telemetry';
import { lockDataDir } from './data-dir-lock.ts';
import { Readiness } from './readiness.ts';
import type { ServiceDefinition } from './service-definition.ts';
import { startFailure } from './start-failure.ts';
import { onStopAsked } from './stop-signals.ts';
import { startTestService } from './testing.ts';
import type { probeSchema} from './testing/probe-service.ts';
import { probeService } from './testing/probe-service.ts';

let probe: ServiceDefinition<typeof probeSchema>;
const freshDir = (): string => mkdtempSync(join(tmpdir(), 'banyan-kit-'));

beforeAll(async () => {
  const trust = await mintTestAuthority();
  probe = probeService(await trust.issue(), createTokenVerifier(fixedTokenKeys(trust.tokenKeys, trust.pem)));
});

describe('startService', () => {
  it('refuses a data directory in use, and frees its own when it stops', async () => {
    const dir = freshDir();
    const first = await startTestService(probe, { flags: ['--data-dir', dir] });
    await expect(startTestService(probe, { flags: ['--data-dir', dir] })).rejects.toMatchObject({ reason: 'DATA_DIR_LOCKED', metadata: { pid: String(process.pid) } });
    await first.stop();
    await (await startTestService(probe, { flags: ['--data-dir', dir] })).stop();
  });

  it('says PORT_TAKEN for a listener and for the admin server, and leaves nothing open', async () => {
    const first = await startTestService(probe);
    const dir = freshDir();
    for (const flag of ['--api-listen', '--admin-listen']) {
      const taken = first.ready.addresses[flag === '--api-listen' ? 'api' : 'admin']!;
      const error = await startTestService(probe, { flags: ['--data-dir', dir, flag, taken] }).catch((caught: unknown) => caught);
      expect(startFailure(error)).toMatchObject({ reason: 'PORT_TAKEN', exitCode: 1 });
      expect(existsSync(join(dir, 'lock'))).toBe(false);
    }
    await first.stop();
  });

  it('is not ready from the moment it is asked to stop', async () => {
    const service = await startTestService(probe);
    const states: boolean[] = [];
    service.context.readiness.watch((isReady) => states.push(isReady));
    await service.stop();
    expect(states).toEqual([true, false]);
  });
});

it.each([['nowhere', 'must be host:port'], ['127.0.0.1:65536', 'has a port above 65535']])('listens at no such place as %s, and says one thing about it', async (place, what) => {
  const error: unknown = await startTestService(probe, { flags: ['--api-listen', place] }).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ faults: [{ where: 'flag --api-listen', what }] });
});

describe('lockDataDir', () => {
  it('takes over the lock of a process that is gone, or of one that only has its number', () => {
    const dir = freshDir();
    writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: 2 ** 22 + 1 }));
    lockDataDir(dir, NO_LOGGER).release();
    writeFileSync(join(dir, 'lock'), JSON.stringify({ pid: process.pid, startTicks: '1' }));
    const lock = lockDataDir(dir, NO_LOGGER);
    expect(JSON.parse(readFileSync(join(dir, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    lock.release();
    expect(existsSync(join(dir, 'lock'))).toBe(false);
  });

  it('takes over a lock that was cut short', () => {
    const dir = freshDir();
    writeFileSync(join(dir, 'lock'), '{"pi');
    lockDataDir(dir, NO_LOGGER).release();
  });
});

describe('startFailure', () => {
  it.each([
    [Object.assign(new Error('write'), { code: 'ENOSPC' }), 'DISK_FULL'],
    [Object.assign(new Error('listen'), { code: 'EADDRINUSE' }), 'PORT_TAKEN'],
    [new Error('No address added out of total 1 resolved errors: [listen EADDRINUSE: address already in use]'), 'PORT_TAKEN'],
    [Object.assign(new Error('mkdir'), { code: 'EACCES' }), 'DATA_DIR_UNUSABLE'],
    [Object.assign(new Error('mkdir'), { code: 'EEXIST' }), 'DATA_DIR_UNUSABLE'],
    [new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'ENOSPC' }) }), 'DISK_FULL'],
    [new OverlayError('AUTH_UNREACHABLE', 'away'), 'AUTH_UNREACHABLE'],
    [new TypeError('ours'), 'INTERNAL'],
  ])('names %s', (error, reason) => expect(startFailure(error)).toMatchObject({ reason, exitCode: 1, mend: expect.stringMatching(/\.$/) }));

  it('ends with 2 when the process was called wrongly', () => {
    expect(startFailure(new ConfigError([{ where: 'flag --x', what: 'is unknown' }]))).toMatchObject({ reason: 'CONFIG_INVALID', exitCode: 2 });
  });
});

describe('onStopAsked', () => {
  function listening(stdin?: PassThrough) {
    const source = new EventEmitter();
    const heard: string[] = [];
    let now = 0;
    onStopAsked(source, stdin, { stop: (cause) => heard.push(`stop ${cause}`), abandon: (cause) => heard.push(`abandon ${cause}`) }, () => now);
    return { heard, signal: (name: string, atMs: number) => ((now = atMs), source.emit(name)) };
  }

  it('counts equal signals within a second as one, and a later one as impatience', () => {
    const { heard, signal } = listening();
    signal('SIGINT', 0);
    signal('SIGINT', 10);
    signal('SIGTERM', 500);
    signal('SIGINT', 5_000);
    expect(heard).toEqual(['stop SIGINT', 'abandon SIGTERM', 'abandon SIGINT']);
  });

  it('stops when the launcher at the other end of stdin is gone', async () => {
    const stdin = new PassThrough();
    const { heard } = listening(stdin);
    stdin.end();
    await new Promise((resolve) => stdin.once('close', resolve));
    expect(heard).toEqual(['stop stdin']);
  });

  it('takes the signal that comes with the end of stdin for the same asking', async () => {
    const stdin = new PassThrough();
    const { heard, signal } = listening(stdin);
    stdin.end();
    await new Promise((resolve) => stdin.once('close', resolve));
    signal('SIGTERM', 5);
    signal('SIGTERM', 3_000);
    expect(heard).toEqual(['stop stdin', 'abandon SIGTERM']);
  });
});

describe('Readiness', () => {
  it('needs every condition, remembers that it started, and ends with the stop', () => {
    const readiness = new Readiness();
    readiness.set('a', false);
    expect([readiness.isReady, readiness.hasStarted]).toEqual([false, false]);
    readiness.set('a', true);
    readiness.set('b', false);
    expect([readiness.isReady, readiness.hasStarted]).toEqual([false, true]);
    readiness.set('b', true);
    readiness.beginStop();
    expect([readiness.isReady, readiness.isStopping]).toEqual([false, true]);
  });
});
