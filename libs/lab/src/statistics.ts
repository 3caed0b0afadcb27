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

/** Rounded for a report: `digits` behind the point. */
export function rounded(value: number, digits = 4): number {
  return Number(value.toFixed(digits));
}
