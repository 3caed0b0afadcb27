/** The smallest sample that a `share` of all samples does not exceed (nearest rank); NaN of none. Sorts nothing. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Rounded for a report: `digits` behind the point. */
export function rounded(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}
