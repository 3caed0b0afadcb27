import { randomId, type Id } from '@banyan/ids';
import type { Rng } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';

const RANK_EXPONENT = -1.25;
/** A group of fewer has no tree. */
const MEMBERS_MIN = 2;

/** A group of an experiment: who is in it, and who publishes. */
export interface DrawnGroup {
  readonly key: Id;
  readonly members: readonly Host[];
  /** One of the members. */
  readonly publisher: Host;
}

/**
 * Groups of Zipf-like size, the largest of all nodes, members drawn uniformly: floor(N · rank^-1.25 + 0.5), two at least.
 * Source: Castro et al. 2002 (Scribe), §4.1.
 */
export function drawGroups({ groups, nodes, rng }: { readonly groups: number; readonly nodes: number; readonly rng: Rng }): readonly DrawnGroup[] {
  const hosts = Array.from({ length: nodes }, (_, host) => host);
  return Array.from({ length: groups }, (_, i) => {
    const size = Math.min(nodes, Math.max(MEMBERS_MIN, Math.floor(nodes * (i + 1) ** RANK_EXPONENT + 0.5)));
    const members = drawSome(hosts, size, rng);
    return { key: randomId(rng), members, publisher: rng.pick(members) ?? 0 };
  });
}

/** `count` different ones; leaves them at the front of `all`. */
function drawSome(all: Host[], count: number, rng: Rng): readonly Host[] {
  for (let i = 0; i < count; i++) {
    const j = i + rng.below(all.length - i);
    [all[i], all[j]] = [all[j] ?? 0, all[i] ?? 0];
  }
  return all.slice(0, count);
}

/** Groups in their order, as many together as have at most `membersMax` members, one at least. */
export function inWaves(groups: readonly DrawnGroup[], membersMax: number): readonly (readonly DrawnGroup[])[] {
  const waves: DrawnGroup[][] = [];
  let room = 0;
  for (const group of groups) {
    if (group.members.length > room || waves.length === 0) {
      waves.push([]);
      room = membersMax;
    }
    waves.at(-1)?.push(group);
    room -= group.members.length;
  }
  return waves;
}
