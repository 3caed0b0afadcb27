import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTokenVerifier, fixedTokenKeys } from '@banyan/identity';
import { mintTestAuthority } from '@banyan/identity/testing';
import type { RunningService } from './start-service.ts';
import { startTestService } from './testing.ts';
import { probeService } from './testing/probe-service.ts';

let service: RunningService;
let admin: string;

beforeAll(async () => {
  const trust = await mintTestAuthority();
  service = await startTestService(probeService(await trust.issue(), createTokenVerifier(fixedTokenKeys(trust.tokenKeys, trust.pem))), { flags: ['--name', 'probe-7'] });
  admin = `http://${service.ready.addresses['admin']}`;
});
afterAll(() => service.stop());

describe('the admin server', () => {
  it('stands in the ready line with the real ports of all listeners', () => {
    const address = expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/);
    expect(service.ready).toEqual({
      event: 'service_ready',
      service: 'probe',
      name: 'probe-7',
      pid: process.pid,
      addresses: { api: address, peer: address, admin: address, page: `${admin}/page` },
    });
  });

  it('answers /livez while the process lives', async () => {
    await request(admin).get('/livez').expect(200, { status: 'alive', conditions: {} });
  });

  it('answers /readyz by the conditions, by name', async () => {
    const { readiness } = service.context;
    await request(admin).get('/readyz').expect(200, { status: 'ready', conditions: { listening: true } });
    readiness.set('ring', false);
    await request(admin).get('/readyz').expect(503, { status: 'waiting', conditions: { listening: true, ring: false } });
    readiness.set('ring', true);
    await request(admin).get('/readyz').expect(200);
  });

  it('answers /startupz with 200 once it was ready, and stays so', async () => {
    const { readiness } = service.context;
    readiness.set('ring', false);
    await request(admin).get('/startupz').expect(200).expect(({ body }) => expect(body).toMatchObject({ status: 'started' }));
    readiness.set('ring', true);
  });

  it('answers /metrics in the form of Prometheus', async () => {
    const { text } = await request(admin).get('/metrics').expect(200).expect('content-type', /^text\/plain; .*version=0\.0\.4/);
    expect(text).toContain('banyan_build_info{service="probe",version="0.1.0",config="');
    expect(text).toContain('banyan_ready 1');
    expect(text).toContain('process_cpu_seconds_total');
  });

  it('serves the pages of the service, and tells errors by reason', async () => {
    await request(admin).get('/page').expect(200, { text: 'hello' });
    await request(admin).get('/nowhere').expect(404).expect(({ body }) => expect(body).toMatchObject({ error: { reason: 'METHOD_NOT_FOUND' } }));
    const { body, text } = await request(admin).get('/broken').expect(500);
    expect(body).toMatchObject({ error: { reason: 'INTERNAL' } });
    expect(text).not.toContain('secret');
  });

  it('does not say what it is made of', async () => {
    const { headers } = await request(admin).get('/livez');
    expect(headers).not.toHaveProperty('x-powered-by');
  });
});
