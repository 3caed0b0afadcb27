import type { Id } from '@banyan/ids';
import { groupKey, isGroupName } from '@banyan/identity';
import type { multicast } from '@banyan/proto';

/** How long a coverage stays without being told again: three rounds of full reports. */
export const COVERAGE_LIFETIME_MS = 30_000;
/** Groups of which a coverage is kept; at the bound the one told longest ago goes. */
export const COVERAGES_MAX = 50_000;

interface Told {
  readonly coverage: multicast.Coverage;
  readonly at: number;
}

/** Who of each group has what, as its root told it last. Soft state. Told the time, ms on a clock that never goes back. */
export class CoverageBoard {
  readonly #told = new Map<Id, Told>(); // in the order of telling
  readonly #watchers = new Map<Id, Set<() => void>>();

  constructor(private readonly max: number = COVERAGES_MAX) {}

  /** Takes what a root tells. One of an older epoch than what was told lately is no root any more. */
  report(coverages: readonly multicast.Coverage[], now: number): void {
    for (const coverage of coverages) {
      if (!isGroupName(coverage.group)) continue;
      const group = groupKey(coverage.group);
      const known = this.of(group, now);
      if (known !== undefined && known.epoch > coverage.epoch) continue;
      this.#told.delete(group);
      this.#told.set(group, { coverage, at: now });
      for (const watcher of this.#watchers.get(group) ?? []) watcher();
      for (const oldest of this.#told.size > this.max ? this.#told.keys() : []) {
        this.#told.delete(oldest);
        break;
      }
    }
  }

  /** What was told of a group within the last 30 s. */
  of(group: Id, now: number): multicast.Coverage | undefined {
    const told = this.#told.get(group);
    return told === undefined || told.at + COVERAGE_LIFETIME_MS <= now ? undefined : told.coverage;
  }

  /** Calls `watcher` whenever the group's root told something, until the returned function is called. */
  watch(group: Id, watcher: () => void): () => void {
    const watchers = this.#watchers.get(group) ?? new Set();
    this.#watchers.set(group, watchers.add(watcher));
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(group) === watchers) this.#watchers.delete(group);
    };
  }
}
