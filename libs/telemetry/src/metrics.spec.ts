import { describe, expect, it } from 'vitest';
import { METRIC_TABLES, MULTICAST_METRICS, OVERLAY_METRICS } from './metric-table.ts';
import { createMetricsRegistry } from './metrics.ts';
import type { MetricTable } from './metric-table.ts';

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

describe('exemplars', () => {
  const table = { took: { kind: 'histogram', name: 'took_seconds', help: 'How long it took.', buckets: [1, 2] } } as const satisfies MetricTable;
  const kept = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

  it('stand in the form of OpenMetrics and in no other, whichever was asked for before', async () => {
    const registry = createMetricsRegistry({ processMetrics: false });
    registry.register(table).took.observeTraced(1.5, kept);
    const [text, open, again] = await Promise.all([registry.scrape(), registry.scrape('openmetrics'), registry.scrape()]);
    expect(open).toContain(`took_seconds_bucket{le="2"} 1 # {trace_id="${'a'.repeat(32)}",span_id="${'b'.repeat(16)}"} 1.5`);
    expect(open.trimEnd().endsWith('# EOF')).toBe(true);
    expect([text, again].some((each) => each.includes('trace_id'))).toBe(false);
  });

  it('name only traces that are kept', async () => {
    const registry = createMetricsRegistry({ processMetrics: false });
    const { took } = registry.register(table);
    took.observeTraced(1.5, kept.replace(/01$/, '00'));
    took.observeTraced(1.5, undefined);
    expect(await registry.scrape('openmetrics')).not.toContain('trace_id');
  });
});
