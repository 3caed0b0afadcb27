/** Width of a bucket: what percentiles may be off by, as a share of the value. */
const RESOLUTION = 0.001;
const SMALLEST = 1e-3;
const LARGEST = 1e9;
const STEP = Math.log1p(2 * RESOLUTION);
const BUCKETS = Math.ceil(Math.log(LARGEST / SMALLEST) / STEP) + 1;

/**
 * Counts of samples in buckets that grow with the value, so that any number of samples takes the same 110 KB.
 * Mean and largest are exact; percentiles are within 0.1 % for values from 0.001 to 10^9, what lies outside is clamped.
 */
export class LogHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #max = 0;

  add(sample: number): void {
    const bucket = Math.floor(Math.log(Math.max(sample, SMALLEST) / SMALLEST) / STEP);
    const place = Math.min(bucket, BUCKETS - 1);
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
    this.#count += 1;
    this.#sum += sample;
    this.#max = Math.max(this.#max, sample);
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  /** 0 of no samples. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  get max(): number {
    return this.#max;
  }

  /** Points of the distribution, at most about `max`: a value, and the share of samples up to it. */
  distribution(max: number): readonly (readonly [number, number])[] {
    const points: (readonly [number, number])[] = [];
    let seen = 0;
    this.#counts.forEach((count, bucket) => {
      if (count === 0) return;
      seen += count;
      points.push([SMALLEST * Math.exp((bucket + 0.5) * STEP), seen / this.#count]);
    });
    const every = Math.ceil(points.length / max);
    return points.filter((_, place) => place % every === 0 || place === points.length - 1);
  }

  /** A value that about `share` of the samples do not exceed (nearest rank); 0 of no samples. */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] ?? 0;
      if (seen >= rank) return Math.min(this.#max, SMALLEST * Math.exp((bucket + 0.5) * STEP));
    }
    return this.#max;
  }
}
