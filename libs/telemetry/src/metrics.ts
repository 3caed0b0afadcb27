import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry, type RegistryContentType } from 'prom-client';
import { bounded } from './reasons.ts';
import { isSampled } from './traceparent.ts';
import type { MetricSpec, MetricTable } from './metric-table.ts';

/** The labels of one observation; values outside a metric's list are counted as `other`. */
type LabelsOf<Spec extends MetricSpec> = Spec extends { readonly labels: infer Labels } ? { readonly [Name in keyof Labels]: string } : undefined;
type Labelled<Spec extends MetricSpec> = LabelsOf<Spec> extends undefined ? [] : [labels: LabelsOf<Spec>];

/** Counts up. */
export interface CounterMetric<Spec extends MetricSpec> {
  add(count: number, ...labels: Labelled<Spec>): void;
}

/** Says how much there is now. */
export interface GaugeMetric<Spec extends MetricSpec> {
  set(value: number, ...labels: Labelled<Spec>): void;
  add(difference: number, ...labels: Labelled<Spec>): void;
  /** Sets this series and forgets all others: for a gauge whose labels say what is. */
  only(value: number, ...labels: Labelled<Spec>): void;
}

/** Sorts observations into buckets; seconds, bytes or counts as the name says. */
export interface HistogramMetric<Spec extends MetricSpec> {
  observe(value: number, ...labels: Labelled<Spec>): void;
  /** The same, and an example of its bucket: the trace of this traceparent. */
  observeTraced(value: number, traceparent: string | undefined, ...labels: Labelled<Spec>): void;
}

type MetricOf<Spec extends MetricSpec> = Spec['kind'] extends 'counter' ? CounterMetric<Spec> : Spec['kind'] extends 'gauge' ? GaugeMetric<Spec> : HistogramMetric<Spec>;

/** The metrics of one table, by the names of the table. */
export type Metrics<Table extends MetricTable> = { readonly [Key in keyof Table]: MetricOf<Table[Key]> };

/** The metrics of one process. */
export interface MetricsRegistry {
  /** Makes the metrics of a table; asked twice, they are the same. Counters without labels stand at 0 from the start. */
  register<Table extends MetricTable>(table: Table): Metrics<Table>;
  /** Runs before every scrape: the place to read a snapshot into gauges instead of keeping them current. */
  beforeScrape(read: () => void): void;
  /** The text Prometheus reads; in the form of OpenMetrics with exemplars. */
  scrape(form?: 'text' | 'openmetrics'): Promise<string>;
  readonly contentType: string;
}

/** A registry of its own (tests run several in one process), with the default metrics of the process when asked. */
export function createMetricsRegistry(options: { readonly processMetrics: boolean }): MetricsRegistry {
  const registry = new Registry();
  const anyForm = registry as unknown as Registry<RegistryContentType>; // its type allows one form only
  let last: Promise<unknown> = Promise.resolve();
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  const made = new Map<MetricTable, unknown>();
  const readers: (() => void)[] = [];
  return {
    contentType: registry.contentType,
    register<Table extends MetricTable>(table: Table): Metrics<Table> {
      const existing = made.get(table);
      if (existing !== undefined) return existing as Metrics<Table>;
      const metrics = Object.fromEntries(Object.entries(table).map(([key, spec]) => [key, metricOf(spec, registry)]));
      made.set(table, metrics);
      return metrics as Metrics<Table>;
    },
    beforeScrape: (read) => void readers.push(read),
    scrape(form = 'text') {
      // The form belongs to the registry, so scrapes go one after the other.
      const scraping = last.then(() => {
        anyForm.setContentType(form === 'openmetrics' ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE);
        for (const read of readers) read();
        return registry.metrics();
      });
      last = scraping.catch(() => undefined);
      return scraping;
    },
  };
}

function metricOf(spec: MetricSpec, registry: Registry): unknown {
  const { name, help } = spec;
  const labelNames = Object.keys(spec.labels ?? {});
  const labels = labelReader(spec);
  const options = { name, help, labelNames, registers: [registry] };
  switch (spec.kind) {
    case 'counter': {
      const counter = new Counter(options);
      for (const combination of listedLabels(spec)) counter.inc(combination, 0);
      return { add: (count: number, given?: Record<string, string>) => counter.inc(labels(given), count) };
    }
    case 'gauge': {
      const gauge = new Gauge(options);
      return {
        set: (value: number, given?: Record<string, string>) => gauge.set(labels(given), value),
        add: (difference: number, given?: Record<string, string>) => gauge.inc(labels(given), difference),
        only: (value: number, given?: Record<string, string>) => {
          gauge.reset();
          gauge.set(labels(given), value);
        },
      };
    }
    case 'histogram': {
      const histogram = new Histogram({ ...options, buckets: [...(spec.buckets ?? [])], enableExemplars: true, registers: [] });
      registry.registerMetric(histogram); // not by its options, which insist on a registry that is of OpenMetrics now
      return {
        observe: (value: number, given?: Record<string, string>) => histogram.observe({ labels: labels(given), value }),
        observeTraced: (value: number, traceparent: string | undefined, given?: Record<string, string>) => histogram.observe({ labels: labels(given), value, exemplarLabels: exemplarOf(traceparent) }),
      };
    }
  }
}

// Metrics without labels, the frequent ones on the data path, all share one empty object.
const noLabels: Record<string, string> = {};

// Only what is kept by whoever keeps traces can be looked at.
function exemplarOf(traceparent: string | undefined): Record<string, string> {
  if (traceparent === undefined || !isSampled(traceparent)) return noLabels;
  return { trace_id: traceparent.slice(3, 35), span_id: traceparent.slice(36, 52) };
}

function labelReader(spec: MetricSpec): (given: Record<string, string> | undefined) => Record<string, string> {
  const allowed = Object.entries(spec.labels ?? {});
  if (allowed.length === 0) return () => noLabels;
  const read = (given: Record<string, string> | undefined): Record<string, string> =>
    Object.fromEntries(allowed.map(([name, values]) => [name, values === 'open' ? (given?.[name] ?? '') : bounded(values, given?.[name] ?? '')]));
  const [[name, values]] = allowed as [[string, readonly string[] | 'open']];
  if (allowed.length > 1 || values === 'open') return read;
  // One closed label, as on frames and hops: the values spelled as listed are looked up, and only others are read.
  const listed = new Map(values.map((value) => [value, { [name]: value }]));
  return (given) => listed.get(given?.[name] ?? '') ?? read(given);
}

// A counter with one closed label is exported at 0 for each value: a rate over a series that was never there shows nothing.
function listedLabels(spec: MetricSpec): readonly Record<string, string>[] {
  const [first, second] = Object.entries(spec.labels ?? {});
  if (first === undefined || second !== undefined || first[1] === 'open') return [];
  const [name, values] = first;
  return values.map((value) => ({ [name]: value }));
}
