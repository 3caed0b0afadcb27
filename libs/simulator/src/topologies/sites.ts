import { type Rng, seededRng } from '@banyan/sansio';
import type { Host, Topology, TopologyOptions } from '../topology.ts';

const ACCESS_MS_MIN = 1;
const ACCESS_MS_MAX = 10;

/** Where a host sits and how far it is from its site's router. */
export interface Seats {
  readonly site: Int32Array;
  /** One-way delay in ms between each host and its site. */
  readonly accessMs: Float64Array;
}

/**
 * Puts hosts on sites: each on one of its own while there are enough, else with replacement and an access delay of
 * 1 to 10 ms each, so that no two hosts are 0 ms apart.
 */
export function seatHosts({ hosts, sites, rng }: { readonly hosts: number; readonly sites: number; readonly rng: Rng }): Seats {
  const site = new Int32Array(hosts);
  const accessMs = new Float64Array(hosts);
  const order = rng.shuffle(Array.from({ length: sites }, (_, index) => index));
  for (let host = 0; host < hosts; host++) {
    site[host] = hosts <= sites ? (order[host] ?? 0) : rng.below(sites);
    if (hosts > sites) accessMs[host] = ACCESS_MS_MIN + rng.next() * (ACCESS_MS_MAX - ACCESS_MS_MIN);
  }
  return { site, accessMs };
}

/** Hosts seated on sites whose distances are known: what a latency matrix and a router graph have in common. */
export function siteTopology(
  { hosts, seed, sites, name }: TopologyOptions & { readonly sites: number; readonly name: string },
  siteLatencyMs: (from: number, to: number) => number,
): Topology & { readonly seats: Seats } {
  const seats = seatHosts({ hosts, sites, rng: seededRng(seed) });
  const { site, accessMs } = seats;
  return {
    seats,
    name,
    hosts,
    latencyMs(from: Host, to: Host): number {
      if (from === to) return 0;
      return (accessMs[from] ?? 0) + siteLatencyMs(site[from] ?? 0, site[to] ?? 0) + (accessMs[to] ?? 0);
    },
  };
}
