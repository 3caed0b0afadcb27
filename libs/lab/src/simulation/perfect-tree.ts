import type { Id } from '@banyan/ids';
import type { Host, Topology } from '@banyan/simulator';
import { headOf, type KnownRing } from './known-ring.ts';
import type { PerfectRoutes } from './perfect-routes.ts';

export interface TreeEdge {
  readonly parent: Host;
  readonly child: Host;
}

/** A group's tree over perfect tables. */
export interface PerfectTree {
  readonly root: Host;
  readonly edges: readonly TreeEdge[];
  /** Delay from the root to a host in the tree, ms. */
  delayMs(host: Host): number;
}

/**
 * The tree that members would make whose joins go over perfect tables, each until it meets the tree; the root's voters stand
 * directly under it, as they do in the shipped trees. Nobody is full. Source: Castro et al. 2002 (Scribe), §3.2.
 */
export function perfectTree(
  { ring, routes, topology }: { readonly ring: KnownRing; readonly routes: PerfectRoutes; readonly topology: Topology },
  { key, members, voters }: { readonly key: Id; readonly members: readonly Host[]; readonly voters: number },
): PerfectTree {
  const [root = 0, ...others] = ring.closest(headOf(key), voters);
  const parentOf = new Map<number, number>(others.map((voter) => [voter, root]));
  for (const member of members) {
    for (let at = ring.placeOfHost(member); at !== root && !parentOf.has(at); ) {
      const next = routes.nextPlace(at, root);
      parentOf.set(at, next);
      at = next;
    }
  }
  const delays = new Map<number, number>([[root, 0]]);
  const delayOf = (place: number): number => {
    const known = delays.get(place);
    if (known !== undefined) return known;
    const parent = parentOf.get(place) ?? root;
    const delayMs = delayOf(parent) + topology.latencyMs(ring.hostAt(parent), ring.hostAt(place));
    delays.set(place, delayMs);
    return delayMs;
  };
  return {
    root: ring.hostAt(root),
    edges: [...parentOf].map(([child, parent]) => ({ parent: ring.hostAt(parent), child: ring.hostAt(child) })),
    delayMs: (host) => delayOf(ring.placeOfHost(host)),
  };
}
