import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintTestAuthority } from '@banyan/identity/testing';
import { startTestService } from '@banyan/service-kit/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { consoleService } from './console-service.ts';

let dataDir: string;
beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'banyan-console-'))));
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

async function start(...more: readonly string[]) {
  const authorityFile = join(dataDir, 'ca.pem');
  writeFileSync(authorityFile, (await mintTestAuthority()).pem);
  const away = '127.0.0.1:1'; // nobody listens there: the page is served all the same
  const settings = { 'authority-file': authorityFile, 'auth-address': away, 'bootstrap-address': away, 'tree-builder-address': away, 'jwks-url': `http://${away}/`, secret: 'a secret of sixteen' };
  return startTestService(consoleService, { flags: ['--data-dir', join(dataDir, 'state'), ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]), ...more] });
}

describe('the console without an overlay', () => {
  it('serves its page, with a policy that forbids what is not its own, and says who may not come in', async () => {
    const service = await start();
    const web = service.ready.addresses['web'] ?? '';
    const page = await fetch(web);
    expect(await page.text()).toContain('<title>Banyan console</title>');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    const stream = await fetch(`${web}/api/stream`);
    expect([stream.status, await stream.json()]).toMatchObject([401, { error: { reason: 'TOKEN_MISSING' } }]);
    expect((await fetch(`${web}/api/session`, { method: 'POST', headers: { 'content-type': 'application/json', origin: 'https://elsewhere.example' }, body: '{"token":"x"}' })).status).toBe(400);
    expect((await fetch(`${web}/nowhere`)).status).toBe(404);
    await service.stop();
  });

  it('does not listen to other hosts in the clear, unless it is told that a proxy speaks TLS', async () => {
    await expect(start('--web-listen', '0.0.0.0:0')).rejects.toThrow('open to other hosts without TLS');
    await expect(start('--web-certificate-file', 'a.pem')).rejects.toThrow('given together or not at all');
    const service = await start('--web-listen', '0.0.0.0:0', '--web-plain');
    expect(service.ready.addresses['web']).toContain('http://0.0.0.0:');
    await service.stop();
  });
});
