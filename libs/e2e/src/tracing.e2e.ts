// Real node processes export their spans over OTLP; a route of n hops is one trace of n `overlay.hop` spans, each made
// by the node that sent the hop, each the parent of the next.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TracedRoute } from '@banyan/client';
import type { LocalOverlay } from '@banyan/local-overlay';
import { afterAll, expect, it } from 'vitest';
import { eventually } from './testing/eventually.ts';
import { OtlpReceiver, type ReceivedSpan } from './testing/otlp-receiver.ts';
import { startTestOverlay } from './testing/test-overlay.ts';

// With the smallest leaf set there is, and more nodes than fit into it, not every node knows every other: a route of one
// hop has no order.
const LEAF_SET_SIZE = 8;
const NODES_AT_FIRST = 10;
const NODES_MAX = 16;

const dataDir = mkdtempSync(join(tmpdir(), 'banyan-tracing-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

it('gives one trace of n hop spans in order for a route of n hops', async () => {
  await using receiver = await OtlpReceiver.start();
  await using overlay = await startTestOverlay({
    dataDir,
    nodes: NODES_AT_FIRST,
    nodeConfig: () => ({ leafSetSize: LEAF_SET_SIZE }),
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_BSP_SCHEDULE_DELAY: '200' },
  });
  const { key, hops, root } = await longRoute(overlay);
  const nameOf = new Map(overlay.nodes.map(({ id, name }) => [id, name]));

  const spans = await eventually(`${hops.length} hop spans of key ${key}`, () => {
    const found = hopSpans(receiver, key);
    return found.length >= hops.length && found;
  });
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(spans.map(({ attributes }) => attributes['banyan.hop.index'])).toEqual(hops.map((_, index) => index + 1));
  spans.forEach((span, index) => {
    const hop = hops[index]!;
    expect(span.instance, 'made by the node that sent the hop').toBe(nameOf.get(hop.at));
    expect(span.attributes['banyan.next_hop']).toBe(hop.to);
    expect(span.attributes['banyan.hop.rule']).toBe(ruleAttributes[hop.rule]);
    expect(span.attributes['banyan.rtt_ms']).toBeGreaterThan(0);
    if (index > 0) expect(span.parentSpanId, `hop ${index} is the parent of hop ${index + 1}`).toBe(spans[index - 1]!.spanId);
  });
  expect(hops.at(-1)!.to).toBe(root.id);
});

const ruleAttributes: Readonly<Record<TracedRoute['hops'][number]['rule'], string>> = {
  leafSet: 'leaf_set',
  routingTable: 'routing_table',
  rareCase: 'rare_case',
  application: 'application',
  unknown: 'other',
};

/** Every hop span of a key, in the order of the hops. */
function hopSpans({ spans }: OtlpReceiver, key: string): readonly ReceivedSpan[] {
  return spans
    .filter(({ name, attributes }) => name === 'overlay.hop' && attributes['banyan.key'] === key)
    .sort((a, b) => Number(a.attributes['banyan.hop.index']) - Number(b.attributes['banyan.hop.index']));
}

/**
 * A route of two hops or more, to a key that was routed once only. Whether a ring has one depends on ids that nobody
 * chooses, so it grows until it does.
 */
async function longRoute(overlay: LocalOverlay): Promise<TracedRoute> {
  for (let attempt = 0; overlay.nodes.length <= NODES_MAX; await overlay.addNode()) {
    for (const origin of overlay.nodes) {
      using client = await overlay.connect({ addresses: [origin.addresses['api'] ?? ''] });
      for (const target of overlay.nodes) {
        // The last digits make the key a new one and leave its root as it was.
        const key = target.id.slice(0, -4) + (attempt++).toString(16).padStart(4, '0');
        const route = await client.overlay.trace(key);
        if (route.hops.length >= 2) return route;
      }
    }
  }
  throw new Error(`no route of two hops among ${overlay.nodes.length} nodes`);
}
