import { assert } from '@banyan/sansio';
import { EventQueue } from '../event-queue.ts';
import type { RoutedTopology, TopologyOptions } from '../topology.ts';
import { siteTopology } from './sites.ts';

/** A link between two routers; carries both ways alike. */
export interface RouterLink {
  readonly from: number;
  readonly to: number;
  readonly latencyMs: number;
}

/** Hosts on the routers of a graph; delay is that of the shortest path. Every router must be reachable. */
export function graph({ hosts, seed, routers, links }: TopologyOptions & { readonly routers: number; readonly links: readonly RouterLink[] }): RoutedTopology {
  const paths = shortestPaths(routers, links);
  const { seats, ...topology } = siteTopology({ hosts, seed, sites: routers, name: `graph of ${routers} routers` }, (from, to) => {
    const latencyMs = paths(from).distancesMs[to] ?? Infinity;
    assert(Number.isFinite(latencyMs), `routers ${from} and ${to} are connected`);
    return latencyMs;
  });
  // A host on a router of its own needs no link to it.
  const hasAccess = hosts > routers;
  return {
    ...topology,
    links: links.length + (hasAccess ? hosts : 0),
    eachLink(from, to, visit) {
      if (from === to) return;
      if (hasAccess) visit(links.length + from);
      eachLinkOf(paths(seats.site[from] ?? 0), links, seats.site[to] ?? 0, visit);
      if (hasAccess) visit(links.length + to);
    },
  };
}

/** The ways from one router to all others. */
export interface ShortestPaths {
  readonly distancesMs: Float32Array;
  /** The link by which the shortest path arrives at each router; -1 at the start and where none does. */
  readonly arrivesBy: Int32Array;
}

/**
 * The ways from one router to all others, each start computed once and kept.
 * Source: Dijkstra 1959; O(links × log routers) a start.
 */
export function shortestPaths(routers: number, links: readonly RouterLink[]): (from: number) => ShortestPaths {
  const neighbors: Way[][] = Array.from({ length: routers }, () => []);
  links.forEach(({ from, to, latencyMs }, link) => {
    neighbors[from]?.push({ to, latencyMs, link });
    neighbors[to]?.push({ to: from, latencyMs, link });
  });
  const known = new Map<number, ShortestPaths>();
  return (from) => {
    const before = known.get(from);
    if (before !== undefined) return before;
    const paths = shortestFrom(from, neighbors);
    known.set(from, paths);
    return paths;
  };
}

/** Calls `visit` for every link on the way to a router, the last one first. */
export function eachLinkOf({ arrivesBy }: ShortestPaths, links: readonly RouterLink[], to: number, visit: (link: number) => void): void {
  for (let router = to; ; ) {
    const link = arrivesBy[router] ?? -1;
    const ends = links[link];
    if (ends === undefined) return;
    visit(link);
    router = ends.from === router ? ends.to : ends.from;
  }
}

interface Way {
  readonly to: number;
  readonly latencyMs: number;
  readonly link: number;
}

function shortestFrom(start: number, neighbors: readonly (readonly Way[])[]): ShortestPaths {
  const distancesMs = new Float32Array(neighbors.length).fill(Infinity);
  const arrivesBy = new Int32Array(neighbors.length).fill(-1);
  const queue = new EventQueue<number>();
  distancesMs[start] = 0;
  queue.push(0, start);
  for (let reachedMs = queue.nextAt; reachedMs !== undefined; reachedMs = queue.nextAt) {
    const router = queue.pop() ?? start;
    if (reachedMs > (distancesMs[router] ?? 0)) continue;
    for (const { to, latencyMs, link } of neighbors[router] ?? []) {
      const viaMs = Math.fround(reachedMs + latencyMs);
      if (viaMs >= (distancesMs[to] ?? 0)) continue;
      distancesMs[to] = viaMs;
      arrivesBy[to] = link;
      queue.push(viaMs, to);
    }
  }
  return { distancesMs, arrivesBy };
}
