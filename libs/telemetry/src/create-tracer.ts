import { NO_TRACER, type Tracer, type TracerOptions } from './tracer.ts';

/**
 * A tracer that exports over OTLP/HTTP when `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) is set, else
 * `NO_TRACER`. The SDK, 19 MB of memory, is loaded only in the first case.
 */
export async function createTracer(options: TracerOptions): Promise<Tracer> {
  const endpoint = options.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? options.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (endpoint === undefined || endpoint === '') return NO_TRACER;
  const { createOtlpTracer } = await import('./otlp-tracer.ts');
  return createOtlpTracer(options);
}
