import { assert } from '@banyan/sansio';
import type { Topology, TopologyOptions } from '../topology.ts';
import { siteTopology } from './sites.ts';

const LATENCY_MS_MIN = 0.01;

/**
 * Hosts on sites between which round-trip times were measured; one way is half of it. The matrix need not be symmetric.
 * `roundTripMs` holds one row after the other, `sites` squared numbers in ms.
 */
export function matrix({ hosts, seed, sites, roundTripMs }: TopologyOptions & { readonly sites: number; readonly roundTripMs: Float32Array }): Topology {
  assert(roundTripMs.length === sites * sites, 'a latency matrix is square');
  return siteTopology({ hosts, seed, sites, name: `matrix of ${sites} sites` }, (from, to) =>
    from === to ? 0 : Math.max(LATENCY_MS_MIN, (roundTripMs[from * sites + to] ?? 0) / 2),
  );
}
