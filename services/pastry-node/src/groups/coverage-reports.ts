import type { GroupPlace, Overlay } from '@banyan/host';
import { idToBytes, type Id } from '@banyan/ids';
import { multicast } from '@banyan/proto';

/** Coverage of the groups whose root this node is, as the tree builder is told it: what changed since it was told last. */
export class CoverageReports {
  readonly #groups: Pick<Overlay['groups'], 'coverage'>;
  readonly #told = new Map<Id, Uint8Array>();

  constructor(groups: Pick<Overlay['groups'], 'coverage'>) {
    this.#groups = groups;
  }

  /** What is news of these places; with `isComplete` everything. */
  changed(places: readonly GroupPlace[], isComplete: boolean): readonly multicast.Coverage[] {
    const news: multicast.Coverage[] = [];
    const rooted = new Set<Id>();
    for (const place of places) {
      const coverage = place.role === 'root' ? this.#coverageAt(place) : undefined;
      if (coverage === undefined) continue;
      rooted.add(place.group);
      const bytes = multicast.Coverage.encode(coverage).finish();
      const known = this.#told.get(place.group);
      if (!isComplete && known !== undefined && Buffer.from(known).equals(bytes)) continue;
      this.#told.set(place.group, bytes);
      news.push(coverage);
    }
    for (const group of this.#told.keys()) if (!rooted.has(group)) this.#told.delete(group);
    return news;
  }

  #coverageAt({ group, name, epoch }: GroupPlace): multicast.Coverage | undefined {
    const coverage = this.#groups.coverage(group);
    if (coverage === undefined || name === undefined) return undefined;
    return {
      group: name,
      epoch: BigInt(epoch?.counter ?? 0),
      rosterVersion: BigInt(coverage.rosterVersion),
      members: BigInt(coverage.members),
      committed: lastBelow(coverage.committed),
      covered: BigInt(coverage.covered),
      reached: lastBelow(coverage.reached),
      behind: coverage.behind.map(({ member, next }) => ({ member: idToBytes(member), reached: lastBelow(next) })),
      missing: coverage.missing.map(idToBytes),
    };
  }
}

// The machine names the first sequence that is not, the API the last that is; 0 is none in both.
function lastBelow(end: number): bigint {
  return BigInt(Math.max(0, end - 1));
}
