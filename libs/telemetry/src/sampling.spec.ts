import { SamplingDecision, type Sampler } from '@opentelemetry/sdk-trace';
import { ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { ChangingSampler, samplerOf } from './otlp-tracer.ts';

const keeps = (env: Readonly<Record<string, string>>, parent?: TraceFlags): boolean => isKeptBy(samplerOf(env), parent);

const isKeptBy = (sampler: Sampler, parent?: TraceFlags): boolean => {
  const traceId = 'f'.repeat(8).padEnd(32, '0');
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: 'a'.repeat(16), traceFlags: parent, isRemote: true });
  return sampler.shouldSample(context, traceId, 'a', SpanKind.INTERNAL, {}, []).decision === SamplingDecision.RECORD_AND_SAMPLED;
};

describe('sampling', () => {
  it('keeps all without a word, a share by its number, and nothing when asked to', () => {
    expect(keeps({})).toBe(true);
    expect(keeps({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' })).toBe(false);
    expect(keeps({ OTEL_TRACES_SAMPLER: 'always_off' })).toBe(false);
  });

  it('follows whoever began the trace: what a publisher wants to see is kept', () => {
    const env = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' };
    expect([keeps(env), keeps(env, TraceFlags.SAMPLED), keeps({}, TraceFlags.NONE)]).toEqual([false, true, false]);
  });

  it('becomes another while it runs, and what the environment says again', () => {
    const sampler = new ChangingSampler(samplerOf({ OTEL_TRACES_SAMPLER: 'always_off' }));
    const kept = [undefined, 1, 0, undefined].map((share) => {
      sampler.keep(share);
      return isKeptBy(sampler);
    });
    expect(kept).toEqual([false, true, false, false]);
    sampler.keep(0);
    expect(isKeptBy(sampler, TraceFlags.SAMPLED)).toBe(true);
  });

  it('refuses what it does not know', () => {
    expect(() => samplerOf({ OTEL_TRACES_SAMPLER: 'sometimes' })).toThrow("'sometimes' is not known");
    expect(() => samplerOf({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '7' })).toThrow('a share from 0 to 1, not 7');
  });
});
