import { assert } from '@banyan/sansio';
import { EventQueue } from '../event-queue.ts';
import type { Topology, TopologyOptions } from '../topology.ts';
import { siteTopology } from './sites.ts';

/** A link between two routers; carries both ways alike. */
export interface RouterLink {
  readonly from: number;
  readonly to: number;
  readonly latencyMs: number;
}

/** Hosts on the routers of a graph; delay is that of the shortest path. Every router must be reachable. */
export function graph({ hosts, seed, routers, links }: TopologyOptions & { readonly routers: number; readonly links: readonly RouterLink[] }): Topology {
  const distances = shortestPaths(routers, links);
  return siteTopology({ hosts, seed, sites: routers, name: `graph of ${routers} routers` }, (from, to) => {
    const latencyMs = distances(from)[to] ?? Infinity;
    assert(Number.isFinite(latencyMs), `routers ${from} and ${to} are connected`);
    return latencyMs;
  });
}

/**
 * The delays from one router to all others, each row computed once and kept.
 * Source: Dijkstra 1959; O(links × log routers) a row.
 */
export function shortestPaths(routers: number, links: readonly RouterLink[]): (from: number) => Float32Array {
  const neighbors: RouterLink[][] = Array.from({ length: routers }, () => []);
  for (const { from, to, latencyMs } of links) {
    neighbors[from]?.push({ from, to, latencyMs });
    neighbors[to]?.push({ from: to, to: from, latencyMs });
  }
  const rows = new Map<number, Float32Array>();
  return (from) => {
    const known = rows.get(from);
    if (known !== undefined) return known;
    const row = shortestFrom(from, neighbors);
    rows.set(from, row);
    return row;
  };
}

function shortestFrom(start: number, neighbors: readonly (readonly RouterLink[])[]): Float32Array {
  const distance = new Float32Array(neighbors.length).fill(Infinity);
  const queue = new EventQueue<number>();
  distance[start] = 0;
  queue.push(0, start);
  for (let reachedMs = queue.nextAt; reachedMs !== undefined; reachedMs = queue.nextAt) {
    const router = queue.pop() ?? start;
    if (reachedMs > (distance[router] ?? 0)) continue;
    for (const link of neighbors[router] ?? []) {
      const viaMs = Math.fround(reachedMs + link.latencyMs);
      if (viaMs >= (distance[link.to] ?? 0)) continue;
      distance[link.to] = viaMs;
      queue.push(viaMs, link.to);
    }
  }
  return distance;
}
