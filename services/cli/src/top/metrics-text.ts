/** Sums of the samples of a scrape by metric name; labels are summed over. */
export type Samples = ReadonlyMap<string, number>;

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{[^}]*\})?\s+(\S+)/;

/** Reads the Prometheus text format, as far as `top` needs it: every sample, summed over its labels. */
export function readSamples(text: string): Samples {
  const sums = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, value] = LINE.exec(line) ?? [];
    if (name !== undefined && !Number.isNaN(Number(value))) sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  return sums;
}

/** How fast a counter rose, a second; undefined when it is not told, or began anew. */
export function ratePerS(name: string, before: Samples | undefined, now: Samples | undefined, ms: number): number | undefined {
  const [from, to] = [before?.get(name), now?.get(name)];
  return from === undefined || to === undefined || to < from || ms <= 0 ? undefined : ((to - from) * 1_000) / ms;
}
