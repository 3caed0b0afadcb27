// The tracer port over the OpenTelemetry SDK. Imported only when spans are exported; nothing else here imports the SDK.
import { type Attributes as OtelAttributes, ROOT_CONTEXT, type Context, type SpanContext, SpanKind as OtelKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOffSampler, AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, type Sampler, type SpanProcessor, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_INSTANCE_ID, ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';
import type { Attributes, Span, SpanKind, SpanStart, Tracer, TracerOptions } from './tracer.ts';

/** Spans leave at least this often, ms; the SDK's own default is 5,000. `OTEL_BSP_SCHEDULE_DELAY` overrides it. */
const EXPORT_DELAY_MS = 1_000;
/** How long stopping may take when the receiver is away, ms. */
const CLOSE_TIMEOUT_MS = 2_000;

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  internal: OtelKind.INTERNAL,
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  producer: OtelKind.PRODUCER,
  consumer: OtelKind.CONSUMER,
};

/** A tracer that exports in batches over OTLP/HTTP, by the standard `OTEL_EXPORTER_OTLP_…` variables. */
export function createOtlpTracer(options: TracerOptions): Tracer {
  const delay = Number(options.env['OTEL_BSP_SCHEDULE_DELAY'] ?? EXPORT_DELAY_MS);
  const scheduledDelayMillis = Number.isFinite(delay) && delay > 0 ? delay : EXPORT_DELAY_MS;
  const sampler = new ChangingSampler(samplerOf(options.env));
  sampler.keep(options.share);
  return createSdkTracer(options, new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis }), sampler);
}

/** A tracer that hands ended spans to any processor of the SDK; tests give one that keeps them. */
export function createSdkTracer(options: Pick<TracerOptions, 'service' | 'instance'>, processor: SpanProcessor, sampler: ChangingSampler = new ChangingSampler(samplerOf({}))): Tracer {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ [ATTR_SERVICE_NAME]: options.service, [ATTR_SERVICE_INSTANCE_ID]: options.instance }),
    spanProcessors: [processor],
    sampler,
  });
  const tracer = provider.getTracer('banyan');
  return {
    isEnabled: true,
    start(name, start = {}) {
      const { kind = 'internal', attributes = {}, links = [] } = start;
      const linked = links.map(spanContextOf).filter((context) => context !== undefined);
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes: defined(attributes), links: linked.map((context) => ({ context })) }, contextOf(start));
      const { traceId, spanId, traceFlags } = span.spanContext();
      return spanOver(span, formatTraceparent({ traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 }));
    },
    keep: (share) => sampler.keep(share),
    async close() {
      // An absent receiver must not keep a process from stopping, so the export has an end and its failure no voice.
      const timeout = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_TIMEOUT_MS).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), timeout]);
    },
  };
}

/** A sampler that may become another one while spans are made. */
export class ChangingSampler implements Sampler {
  readonly #byEnvironment: Sampler;
  #current: Sampler;

  constructor(byEnvironment: Sampler) {
    this.#byEnvironment = byEnvironment;
    this.#current = byEnvironment;
  }

  /** As `Tracer.keep`. A trace that was begun elsewhere is kept as whoever began it decided. */
  keep(share: number | undefined): void {
    this.#current = share === undefined ? this.#byEnvironment : new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) });
  }

  shouldSample(...span: Parameters<Sampler['shouldSample']>): ReturnType<Sampler['shouldSample']> {
    return this.#current.shouldSample(...span);
  }

  toString(): string {
    return this.#current.toString();
  }
}

/**
 * Which traces are kept, by the standard variables: `OTEL_TRACES_SAMPLER` (always_on, always_off, traceidratio, each also after
 * `parentbased_`) and `OTEL_TRACES_SAMPLER_ARG` (a share from 0 to 1). Without them all are. Whoever began a trace decided it, so a
 * publisher's own trace is kept whatever the share.
 */
export function samplerOf(env: Readonly<Record<string, string | undefined>>): Sampler {
  const name = env['OTEL_TRACES_SAMPLER'] ?? 'parentbased_always_on';
  const root = rootSampler(name.replace('parentbased_', ''), Number(env['OTEL_TRACES_SAMPLER_ARG'] ?? 1));
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string, share: number): Sampler {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      if (share >= 0 && share <= 1) return new TraceIdRatioBasedSampler(share);
      throw new TypeError(`OTEL_TRACES_SAMPLER_ARG is a share from 0 to 1, not ${share}`);
    default:
      throw new TypeError(`OTEL_TRACES_SAMPLER '${name}' is not known: always_on, always_off, traceidratio, each also after parentbased_`);
  }
}

function spanOver(span: import('@opentelemetry/api').Span, traceparent: string): Span {
  return {
    traceparent,
    set: (attributes) => void span.setAttributes(defined(attributes)),
    event: (name, attributes = {}) => void span.addEvent(name, defined(attributes)),
    end(outcome = {}) {
      if (!span.isRecording()) return;
      if (outcome.attributes !== undefined) span.setAttributes(defined(outcome.attributes));
      if (outcome.error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: outcome.error });
      span.end();
    },
  };
}

function contextOf(start: SpanStart): Context {
  const parent = spanContextOf(start.parent);
  return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

function spanContextOf(traceparent: string | undefined): SpanContext | undefined {
  const parent = parseTraceparent(traceparent);
  if (parent === undefined) return undefined;
  return { traceId: parent.traceId, spanId: parent.spanId, traceFlags: parent.isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}

function defined(attributes: Attributes): OtelAttributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
