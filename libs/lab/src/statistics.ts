/** A distribution in the figures that reports give. `max` and the percentiles are values that occurred. */
export interface Summary {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Summarizes samples in any order; all zero of an empty list. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = Float64Array.from(samples).sort();
  return {
    mean: mean(samples),
    p50: percentile(sorted, 0.5),
    p90: percentile(sorted, 0.9),
    p99: percentile(sorted, 0.99),
    max: sorted.at(-1) ?? 0,
  };
}

/** The arithmetic mean; 0 of an empty list. */
export function mean(samples: readonly number[]): number {
  return samples.length === 0 ? 0 : sum(samples) / samples.length;
}

export function sum(samples: readonly number[]): number {
  let total = 0;
  for (const sample of samples) total += sample;
  return total;
}

/** The smallest sample that a `share` of all samples does not exceed (nearest rank). */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** How often each whole number from 0 to the largest occurs. */
export function histogram(samples: readonly number[]): readonly number[] {
  const counts = new Array<number>(samples.reduce((most, sample) => Math.max(most, sample), -1) + 1).fill(0);
  for (const sample of samples) counts[sample] = (counts[sample] ?? 0) + 1;
  return counts;
}

/** Rounded for a report: `digits` behind the point. */
export function rounded(value: number, digits = 4): number {
  return Number(value.toFixed(digits));
}
