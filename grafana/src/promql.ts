// The few shapes of PromQL that the dashboards use. A query names a row of the metric table, so a metric that does not
// exist, or a quantile of a counter, does not compile. Every selector carries the dashboard's variables, so that no
// panel can forget them, and every rate spans `$__rate_interval`, which Grafana makes wide enough for the scrapes.
import type { MetricSpec } from '@banyan/telemetry';

type Counter = MetricSpec & { readonly kind: 'counter' };
type Gauge = MetricSpec & { readonly kind: 'gauge' };
type Histogram = MetricSpec & { readonly kind: 'histogram' };

/** A gauge as selected by the dashboard's variables, one line for each of its series; `matchers` are PromQL's own. */
export function gauge(metric: Gauge, ...matchers: readonly string[]): string {
  return series(metric.name, matchers);
}

/** The gauge summed over everything, or by labels. */
export function sum(metric: Gauge, by: readonly string[] = []): string {
  return `sum${grouping(by)}(${series(metric.name)})`;
}

/** How fast the counter grows a second, summed over everything or by labels. */
export function rate(metric: Counter, by: readonly string[] = [], ...matchers: readonly string[]): string {
  return rateOf(metric.name, by, matchers);
}

/** How many observations a histogram gets a second, summed over everything or by labels. */
export function observations(metric: Histogram, by: readonly string[] = [], ...matchers: readonly string[]): string {
  return rateOf(`${metric.name}_count`, by, matchers);
}

/** A quantile (0 to 1) of a histogram's observations in the last rate interval, over everything or by labels. */
export function quantile(fraction: number, metric: Histogram, by: readonly string[] = []): string {
  return `histogram_quantile(${fraction}, ${rateOf(`${metric.name}_bucket`, ['le', ...by])})`;
}

/** A quantile of everything that a histogram of the running processes observed: for what happens once in a process's life, mostly before its first scrape. */
export function quantileOfAll(fraction: number, metric: Histogram): string {
  return `histogram_quantile(${fraction}, sum by (le) (${series(`${metric.name}_bucket`)}))`;
}

/** The mean of a histogram's observations in the last rate interval, over everything or by labels. */
export function mean(metric: Histogram, by: readonly string[] = []): string {
  return `${gathered(metric, by)} / ${observations(metric, by)}`;
}

/** How much of the observed quantity a histogram gathers a second: seconds a second are a share of the time. */
export function gathered(metric: Histogram, by: readonly string[] = []): string {
  return rateOf(`${metric.name}_sum`, by);
}

function rateOf(name: string, by: readonly string[], matchers: readonly string[] = []): string {
  return `sum${grouping(by)}(rate(${series(name, matchers)}[$__rate_interval]))`;
}

function series(name: string, matchers: readonly string[] = []): string {
  return `${name}{${['job=~"$job"', 'node=~"$node"', ...matchers].join(', ')}}`;
}

function grouping(labels: readonly string[]): string {
  return labels.length === 0 ? '' : ` by (${labels.join(', ')}) `;
}
