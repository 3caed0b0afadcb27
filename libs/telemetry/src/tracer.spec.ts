import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { createTracer } from './create-tracer.ts';
import { createSdkTracer } from './otlp-tracer.ts';
import { NO_TRACER } from './tracer.ts';
import { parseTraceparent } from './traceparent.ts';

function inMemory() {
  const exporter = new InMemorySpanExporter();
  return { exporter, tracer: createSdkTracer({ service: 'pastry-node', instance: 'node-1' }, new SimpleSpanProcessor({ exporter })) };
}

describe('tracer', () => {
  it('is the empty one without an endpoint', async () => {
    const tracer = await createTracer({ service: 'auth', instance: 'auth', env: {} });
    expect(tracer).toBe(NO_TRACER);
    expect(tracer.start('overlay.hop').traceparent).toBeUndefined();
  });

  it('puts a span below the parent another process sent', () => {
    const { exporter, tracer } = inMemory();
    const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const span = tracer.start('overlay.hop', { parent, attributes: { 'banyan.hop.index': 1, 'banyan.zone': undefined } });
    span.event('retransmission', { 'banyan.hop.attempt': 2 });
    span.end({ attributes: { 'banyan.rtt_ms': 1.5 } });
    span.end();
    const [ended, ...others] = exporter.getFinishedSpans();
    expect(others).toEqual([]);
    expect(ended).toMatchObject({ name: 'overlay.hop', attributes: { 'banyan.hop.index': 1, 'banyan.rtt_ms': 1.5 }, events: [{ name: 'retransmission' }] });
    expect(ended?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(parseTraceparent(span.traceparent)).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: ended?.spanContext().spanId });
  });

  it('starts a trace of its own below nonsense, and says when work failed', () => {
    const { exporter, tracer } = inMemory();
    tracer.start('rpc', { parent: 'nonsense', kind: 'server' }).end({ error: 'NOT_READY' });
    const [ended] = exporter.getFinishedSpans();
    expect(ended?.parentSpanContext).toBeUndefined();
    expect(ended?.status).toMatchObject({ message: 'NOT_READY' });
  });

  it('exports over OTLP/HTTP, and stops although nobody listens any more', async () => {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (chunk: string) => bodies.push(chunk)).on('end', () => response.end('{}'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = endpoint;
    try {
      const tracer = await createTracer({ service: 'auth', instance: 'auth-1', env: process.env });
      tracer.start('one').end();
      await tracer.close();
      expect(bodies.join('')).toContain('"one"');
      await new Promise((resolve) => server.close(resolve));
      const orphan = await createTracer({ service: 'auth', instance: 'auth-1', env: process.env });
      orphan.start('two').end();
      await orphan.close();
    } finally {
      delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
    }
  });
});
