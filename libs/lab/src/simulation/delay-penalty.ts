import type { Host } from '@banyan/simulator';
import { percentile, rounded } from '../statistics.ts';

export type PenaltyFigures = { readonly median: number; readonly max: number };

/**
 * Relative average and maximum delay of each group: what its members wait, by what they would wait if each had it by the
 * shortest path from the source. Source: Castro et al. 2002 (Scribe), §4.2 (RAD, RMD).
 */
export class DelayPenalties {
  readonly #average: number[] = [];
  readonly #maximum: number[] = [];

  /** One group; the source itself waits for nothing and does not count. */
  add(members: readonly Host[], source: Host, { delayMs, directMs }: { readonly delayMs: (member: Host) => number; readonly directMs: (member: Host) => number }): void {
    let [sum, directSum, max, directMax] = [0, 0, 0, 0];
    for (const member of members) {
      if (member === source) continue;
      const [delay, direct] = [delayMs(member), directMs(member)];
      sum += delay;
      directSum += direct;
      max = Math.max(max, delay);
      directMax = Math.max(directMax, direct);
    }
    if (directSum === 0) return;
    this.#average.push(sum / directSum);
    this.#maximum.push(max / directMax);
  }

  figures(): { readonly rad: PenaltyFigures; readonly rmd: PenaltyFigures } {
    return { rad: figuresOf(this.#average), rmd: figuresOf(this.#maximum) };
  }

  /** Pairs of a RAD and the share of groups that have no higher one. */
  distribution(): readonly (readonly [number, number])[] {
    const sorted = Float64Array.from(this.#average).sort();
    return Array.from(sorted, (rad, i) => [rounded(rad, 3), rounded((i + 1) / sorted.length)] as const);
  }
}

function figuresOf(samples: readonly number[]): PenaltyFigures {
  const sorted = Float64Array.from(samples).sort();
  return { median: rounded(percentile(sorted, 0.5), 3), max: rounded(sorted.at(-1) ?? 0, 3) };
}
