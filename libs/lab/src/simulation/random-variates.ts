import type { Rng } from '@banyan/sansio';

/** Exponential, with this mean. */
export function exponential(rng: Rng, mean: number): number {
  return -Math.log(1 - rng.next()) * mean;
}

/** Normal, mean 0 and deviation 1. Source: Box & Muller 1958. */
export function standardNormal(rng: Rng): number {
  return Math.sqrt(exponential(rng, 2)) * Math.cos(2 * Math.PI * rng.next());
}

/** Gamma with this shape, 1 or more, and scale 1. Source: Marsaglia & Tsang 2000. */
export function gamma(rng: Rng, shape: number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = standardNormal(rng);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - rng.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** The gamma function of a positive number, by Stirling's series from 10 upwards. */
export function gammaFunction(x: number): number {
  let product = 1;
  let y = x;
  for (; y < 10; y++) product *= y;
  const series = 1 + 1 / (12 * y) + 1 / (288 * y ** 2) - 139 / (51_840 * y ** 3);
  return (Math.sqrt((2 * Math.PI) / y) * (y / Math.E) ** y * series) / product;
}
