// One message traced by its publisher while nothing else is: publish, hops, queue and delivery are one trace, told by every
// node it passed; and its times are exemplars of the histograms.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newTraceparent, traceIdOf, type Subscription } from '@banyan/client';
import { afterAll, expect, it } from 'vitest';
import { eventually } from './testing/eventually.ts';
import { OtlpReceiver } from './testing/otlp-receiver.ts';
import { startTestOverlay } from './testing/test-overlay.ts';

const NODES = 3;
const dataDir = mkdtempSync(join(tmpdir(), 'banyan-message-trace-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

it('traces the one message that asks for it, wherever it goes', async () => {
  await using receiver = await OtlpReceiver.start();
  await using overlay = await startTestOverlay({
    dataDir,
    nodes: NODES,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_BSP_SCHEDULE_DELAY: '200', OTEL_TRACES_SAMPLER: 'parentbased_always_off' },
  });
  using client = await overlay.connect();
  await client.groups.create('news');
  const readers = await Promise.all(overlay.nodes.map(({ addresses }) => overlay.connect({ addresses: [addresses['api'] ?? ''] })));
  const subscriptions = await Promise.all(readers.map((reader) => reader.subscribe('news')));
  const reading = subscriptions.map((subscription) => read(subscription, 3));
  const publisher = await client.publish('news');
  const trace = newTraceparent();
  await publisher.send(Buffer.from('not traced'));
  await publisher.send(Buffer.from('traced'), { trace });
  await publisher.send(Buffer.from('not traced either'));
  await publisher.close();
  expect(await Promise.all(reading)).toEqual(Array.from({ length: NODES }, () => ['not traced', 'traced', 'not traced either']));

  const told = (name: string) => receiver.spans.filter((span) => span.name === name);
  await eventually('every node tells of the delivery', () => new Set(told('multicast.deliver').map(({ instance }) => instance)).size === NODES);
  await eventually('the publish has its receipt', () => told('multicast.publish').length > 0);
  expect(told('multicast.hop').length).toBeGreaterThan(0);
  expect(told('multicast.queue')).toHaveLength(NODES);
  expect(told('multicast.publish').map(({ parentSpanId }) => parentSpanId)).toEqual([trace.split('-')[2]]);
  expect(new Set(receiver.spans.map(({ traceId }) => traceId))).toEqual(new Set([traceIdOf(trace)]));

  const admin = overlay.nodes[0]?.addresses['admin'] ?? '';
  const scraped = await (await fetch(`http://${admin}/metrics`, { headers: { accept: 'application/openmetrics-text' } })).text();
  expect(scraped).toMatch(new RegExp(`banyan_multicast_delivery_lag_seconds_bucket\\{.*\\} \\d+ # \\{.*trace_id="${traceIdOf(trace)}"`));
  for (const reader of readers) reader.close();
});

async function read(subscription: Subscription, count: number): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const event of subscription) {
    if (event.type === 'messages') texts.push(...event.messages.map((message) => Buffer.from(message).toString()));
    if (texts.length >= count) break;
  }
  return texts;
}
