import { createMetricsRegistry } from '@banyan/telemetry';
import { afterEach, expect, it } from 'vitest';
import type { OverlayHost } from './overlay-host.ts';
import { HostRing } from './testing/host-ring.ts';

let ring: HostRing | undefined;

afterEach(async () => {
  await ring?.stop();
  ring = undefined;
});

it('a member that was revoked loses its links and does not get them back', async () => {
  const revoked = new Set<string>();
  const metrics = createMetricsRegistry({ processMetrics: false });
  ring = await HostRing.of(2, (index) => ({ isRevoked: (peer) => revoked.has(peer.id), ...(index === 0 ? { metrics } : {}) }));
  const [host, lost] = ring.hosts as [OverlayHost, OverlayHost];
  await expect.poll(() => metrics.scrape()).toContain('banyan_overlay_links{kind="control"} 1');
  revoked.add(lost.self.id);
  host.expel([lost.self.id]);
  expect(await metrics.scrape()).toContain('banyan_overlay_links{kind="control"} 0');
  await expect(lost.discover(host.self.controlAddress)).rejects.toMatchObject({ reason: 'CERTIFICATE_REVOKED' });
  expect(await metrics.scrape()).toContain('banyan_overlay_links{kind="control"} 0');
});
