import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokenVerifier, fixedTokenKeys } from '@banyan/identity';
import { mintTestAuthority } from '@banyan/identity/testing';
import { createLogger } from '@banyan/telemetry';
import type { RunningService } from './start-service.ts';
import { startTestService } from './testing.ts';
import { probeService } from './testing/probe-service.ts';

describe('a configuration that is read again', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'banyan-reload-')), 'probe.yaml');
  const lines: string[] = [];
  const told: unknown[] = [];
  let service: RunningService;
  const admin = (): string => `http://${service.ready.addresses['admin']}`;
  const events = (): unknown[] => lines.map((line) => (JSON.parse(line) as { readonly event: string }).event);

  beforeAll(async () => {
    writeFileSync(file, 'logLevel: info\nname: probe-1\n');
    const trust = await mintTestAuthority();
    const logger = createLogger({ service: 'probe', name: 'probe', level: 'info', destination: { write: (line) => void lines.push(line) } });
    service = await startTestService(probeService(await trust.issue(), createTokenVerifier(fixedTokenKeys(trust.tokenKeys, trust.pem))), { flags: ['--config', file], logger });
    service.context.running.onReload((config) => void told.push(config));
  });
  afterAll(() => service.stop());

  it('takes over what may change, and shows it with a new digest', async () => {
    const { body: before } = await request(admin()).get('/config').expect(200);
    expect(before).toMatchObject({ service: 'probe', name: 'probe-1', version: '0.1.0', addresses: { api: service.ready.addresses['api'] }, config: { logLevel: 'info' } });
    writeFileSync(file, 'logLevel: warn\nstopGraceMs: 5000\nname: probe-1\n');
    expect(await service.reload()).toBe('applied');
    expect(told.at(-1)).toMatchObject({ logLevel: 'warn', stopGraceMs: 5_000 });
    const { body: after } = await request(admin()).get('/config').expect(200);
    expect(after).toMatchObject({ config: { logLevel: 'warn', stopGraceMs: 5_000 } });
    expect((after as { digest: string }).digest).not.toBe((before as { digest: string }).digest);
    const { text } = await request(admin()).get('/metrics');
    expect(text.match(/^banyan_build_info.*/gm)).toEqual([`banyan_build_info{service="probe",version="0.1.0",config="${(after as { digest: string }).digest}"} 1`]);
    expect(text).toContain('banyan_config_reloads_total{outcome="applied"} 1');
  });

  it('says what waits for a restart, and goes on as it was', async () => {
    writeFileSync(file, 'logLevel: warn\nstopGraceMs: 5000\nname: probe-2\n');
    expect(await service.reload()).toBe('needs_restart');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(expect.objectContaining({ event: 'reload_needs_restart', settings: ['name'] }));
    expect(service.context.running.current).toMatchObject({ name: 'probe-1' });
  });

  it('changes nothing when the file has faults', async () => {
    writeFileSync(file, 'logLevel: loud\nnom: x\n');
    expect(await service.reload()).toBe('refused');
    expect(events()).toContain('reload_refused');
    expect(service.context.running.current).toMatchObject({ logLevel: 'warn' });
  });

  it('tells all others when one cannot take it over, and counts it as refused', async () => {
    writeFileSync(file, 'logLevel: error\nname: probe-1\n');
    service.context.running.onReload(() => Promise.reject(new Error('no room')));
    const later: unknown[] = [];
    service.context.running.onReload((config) => void later.push(config));
    expect(await service.reload()).toBe('refused');
    expect(later).toHaveLength(1);
    expect(events()).toContain('reload_failed');
  });
});
