// The few shapes of PromQL that the rules use. Metrics are named by their row of the metric table, so one that does not exist
// does not compile.
import { JOIN_FAILURES, type MetricSpec } from '@banyan/telemetry';
import type { Span } from './alert.ts';

type Counter = MetricSpec & { readonly kind: 'counter' };
type Gauge = MetricSpec & { readonly kind: 'gauge' };
type Histogram = MetricSpec & { readonly kind: 'histogram' };

/** Joins that failed, by the outcomes of the metric. */
export const JOINS_FAILED = `outcome=~"${JOIN_FAILURES.join('|')}"`;

/** Over which window, for which series, kept apart by which labels. */
export interface Window {
  readonly s: number;
  readonly where?: string;
  readonly by?: readonly string[];
}

/** The series of a gauge. */
export function gauge(metric: Gauge, where = ''): string {
  return series(metric.name, where);
}

/** How fast a counter grows a second, summed. */
export function rate(span: Span, metric: Counter, window: Window): string {
  return summed(`rate(${series(metric.name, window.where)}[${span(window.s)}])`, window);
}

/** By how much a counter grew, summed. */
export function increase(span: Span, metric: Counter, window: Window): string {
  return summed(`increase(${series(metric.name, window.where)}[${span(window.s)}])`, window);
}

/** How many observations a histogram gets a second, summed. */
export function observations(span: Span, metric: Histogram, window: Window): string {
  return summed(`rate(${series(`${metric.name}_count`, window.where)}[${span(window.s)}])`, window);
}

/** How many observations a second are at most `bound`, one of its buckets; summed. */
export function within(span: Span, metric: Histogram, bound: number, window: Window): string {
  if (!metric.buckets?.includes(bound)) throw new Error(`${metric.name} has no bucket of ${bound}`);
  return summed(`rate(${series(`${metric.name}_bucket`, [`le="${bound}"`, window.where].filter(Boolean).join(', '))}[${span(window.s)}])`, window);
}

/** A quantile of what a histogram observed. */
export function quantile(span: Span, fraction: number, metric: Histogram, window: Window): string {
  return `histogram_quantile(${fraction}, ${summed(`rate(${series(`${metric.name}_bucket`, window.where)}[${span(window.s)}])`, { ...window, by: ['le', ...(window.by ?? [])] })})`;
}

/**
 * What a histogram says of a process's first moments, `part` of it (`sum`, `count`, or at most `bound`), of processes that were
 * started within `s`. No rate can tell it: a node has mostly joined before it is scraped for the first time.
 */
export function ofYoung(span: Span, metric: Histogram, part: 'sum' | 'count' | number, s: number): string {
  if (typeof part === 'number' && !metric.buckets?.includes(part)) throw new Error(`${metric.name} has no bucket of ${part}`);
  const value = typeof part === 'number' ? series(`${metric.name}_bucket`, `le="${part}"`) : `${metric.name}_${part}`;
  return youngOnly(span, value, s);
}

/** The values of a counter, of processes that were started within `s`: for what happens before the first scrape. */
export function countedByYoung(span: Span, metric: Counter, window: Window): string {
  return summed(youngOnly(span, series(metric.name, window.where), window.s), window);
}

function youngOnly(span: Span, values: string, s: number): string {
  return `(${values} and on (job, node) (time() - process_start_time_seconds < ${secondsIn(span(s))}))`;
}

/** Seconds of a duration as `scaled` writes it. */
function secondsIn(duration: string): number {
  const [, value, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(duration) ?? [];
  const factor = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400 }[unit ?? ''];
  if (value === undefined || factor === undefined) throw new Error(`'${duration}' is no duration`);
  return Number(value) * factor;
}

function summed(inner: string, { by = [] }: Pick<Window, 'by'>): string {
  return by.length === 0 ? `sum(${inner})` : `sum by (${by.join(', ')}) (${inner})`;
}

function series(name: string, where = ''): string {
  return where === '' ? name : `${name}{${where}}`;
}
