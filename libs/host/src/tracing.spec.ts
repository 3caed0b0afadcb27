import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { groupKey, keyOfName } from '@banyan/identity';
import { createFullNode, effectsDigest, parseRecording, type FullNodeParts } from '@banyan/overlay';
import type { Span, SpanStart, Tracer } from '@banyan/telemetry';
import { afterEach, describe, expect, it } from 'vitest';
import { HopSpans } from './hop-spans.ts';
import type { HostInput } from './machine.ts';
import { HostRing } from './testing/host-ring.ts';

let ring: HostRing | undefined;

afterEach(async () => {
  await ring?.stop();
  ring = undefined;
});

interface Told {
  readonly name: string;
  readonly start: SpanStart;
  readonly traceparent: string;
  readonly events: string[];
  outcome?: unknown;
}

/** Writes spans down instead of exporting them. */
class NotedTracer implements Tracer {
  readonly isEnabled = true;
  readonly spans: Told[] = [];

  start(name: string, start: SpanStart = {}): Span {
    const traceparent = `00-${'1'.repeat(32)}-${String(this.spans.length + 1).padStart(16, '0')}-01`;
    const told: Told = { name, start, traceparent, events: [] };
    this.spans.push(told);
    return { traceparent, set: () => undefined, event: (event) => told.events.push(event), end: (outcome = {}) => void (told.outcome ??= outcome) };
  }
  keep(): void {
    // All that is begun is noted.
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe('the spans of a route', () => {
  it('are one per hop, each below the one before it, made by the sender and ended by the acknowledgement', async () => {
    const tracer = new NotedTracer();
    ring = await HostRing.of(4, () => ({ tracer }));
    const key = keyOfName('somewhere');
    const { root } = await ring.hosts[0]!.lookup(key);
    const from = ring.hosts.find((host) => host.self.id !== root.id)!;
    tracer.spans.length = 0;
    const caller = `00-${'1'.repeat(32)}-${'c'.repeat(16)}-01`;
    const { hops } = await from.lookup(key, { trace: caller });
    const spans = tracer.spans.filter(({ name }) => name === 'overlay.hop');
    expect(spans).toHaveLength(hops);
    expect(spans.map(({ start }) => start.parent)).toEqual([caller, ...spans.slice(0, -1).map(({ traceparent }) => traceparent)]);
    expect(spans[0]?.start.attributes).toMatchObject({ 'banyan.key': key, 'banyan.hop.index': 1, 'banyan.hop.attempt': 1, 'banyan.hop.rule': 'leaf_set', 'banyan.next_hop': root.id });
    expect(spans.map(({ events }) => events)).toEqual([...spans.slice(0, -1).map(() => []), ['delivered']]);
    expect(spans.at(-1)?.outcome).toMatchObject({ attributes: { 'banyan.rtt_ms': expect.any(Number) } });
  });

  it('tell a retransmission as an event and a reroute as a span beside it', () => {
    const tracer = new NotedTracer();
    const spans = new HopSpans(tracer);
    const hop = { hopId: 1, key: keyOfName('k'), app: 'lookup', index: 1, attempt: 1, at: keyOfName('a'), to: keyOfName('b'), rule: 'leaf-set', waitMs: 0, trace: 'above' } as const;
    const to = { id: keyOfName('b'), incarnation: 1, controlAddress: '', dataAddress: '', region: '', zone: '', capacity: 1 };
    const context = spans.sent(hop, to);
    expect(spans.sent(hop, to)).toBe(context);
    spans.done(1, 'timeout', 0);
    spans.sent({ ...hop, hopId: 2, attempt: 2 }, to);
    expect(tracer.spans.map(({ events, start }) => [events, start.parent, start.attributes?.['banyan.hop.attempt']])).toEqual([
      [['retransmission'], 'above', 1],
      [[], 'above', 2],
    ]);
    expect(tracer.spans[0]?.outcome).toMatchObject({ error: 'not acknowledged in time' });
  });
});

describe('a recording of a real node', () => {
  it('replays to the same effects', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'banyan-host-'));
    const recordFile = join(directory, 'node.jsonl');
    ring = await HostRing.of(3, (index) => (index === 1 ? { recordFile } : {}));
    const descriptor = await ring.group('ann/news');
    const publication = ring.hosts[1]!.groups.publish({ group: groupKey('ann/news'), client: 'ann', descriptor });
    for (let counter = 1; counter <= 20; counter++) await publication.send({ counter, messages: [Buffer.from(`message ${counter}`)] });
    let receipted = 0;
    for await (const receipt of publication.receipts) if ((receipted += receipt.count) === 20) break;
    await ring.stop();
    const recording = parseRecording(readFileSync(recordFile, 'utf8'));
    rmSync(directory, { recursive: true });
    if ('fault' in recording) throw new Error(recording.fault);
    const { node } = createFullNode({ ...recording.header, config: recording.header.config as unknown as FullNodeParts['config'] });
    const replayed = recording.steps.map(({ now, input }) => effectsDigest(node.handle(now, input as HostInput)));
    expect(replayed.length).toBeGreaterThan(50);
    expect(replayed).toEqual(recording.steps.map(({ effects }) => effects));
  });
});
