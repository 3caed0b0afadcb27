import { describe, expect, it } from 'vitest';
import { METRIC_TABLES, MULTICAST_METRICS, OVERLAY_METRICS } from './metric-table.ts';
import { createMetricsRegistry } from './metrics.ts';

const registry = () => createMetricsRegistry({ processMetrics: false });

describe('metrics', () => {
  it('exports what was counted, and zero for every reason that was not', async () => {
    const all = registry();
    const overlay = all.register(OVERLAY_METRICS);
    overlay.dropped.add(3, { reason: 'hop-limit' });
    overlay.routeHops.observe(2);
    const text = await all.scrape();
    expect(text).toContain('banyan_overlay_messages_dropped_total{reason="hop_limit"} 3');
    expect(text).toContain('banyan_overlay_messages_dropped_total{reason="deadline"} 0');
    expect(text).toContain('banyan_overlay_route_hops_bucket{le="2"} 1');
    expect(text).toContain('banyan_overlay_stalls_total 0');
  });

  it('counts a reason nobody listed as other, so that labels stay bounded', async () => {
    const all = registry();
    all.register(OVERLAY_METRICS).peerFaults.add(1, { fault: '../../etc/passwd' });
    expect(await all.scrape()).toContain('banyan_overlay_peer_faults_total{fault="other"} 1');
  });

  it('gives the same metrics when a table is registered twice', async () => {
    const all = registry();
    expect(all.register(OVERLAY_METRICS)).toBe(all.register(OVERLAY_METRICS));
  });

  it('reads gauges at the moment of the scrape', async () => {
    const all = registry();
    const multicast = all.register(MULTICAST_METRICS);
    let children = 4;
    all.beforeScrape(() => multicast.children.set(children));
    expect(await all.scrape()).toContain('banyan_multicast_children 4');
    children = 5;
    expect(await all.scrape()).toContain('banyan_multicast_children 5');
  });

  it('has process metrics when asked', async () => {
    expect(await createMetricsRegistry({ processMetrics: true }).scrape()).toContain('process_cpu_seconds_total');
  });

  it('names every metric once, with the prefix and the suffix of its kind', () => {
    const specs = METRIC_TABLES.flatMap((table) => Object.values(table));
    expect(new Set(specs.map((spec) => spec.name)).size).toBe(specs.length);
    for (const spec of specs) {
      expect(spec.name).toMatch(/^banyan_[a-z_]+$/);
      expect(spec.name.endsWith('_total'), spec.name).toBe(spec.kind === 'counter');
      expect(spec.buckets === undefined, spec.name).toBe(spec.kind !== 'histogram');
    }
  });
});
