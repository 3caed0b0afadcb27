import { seededRng } from '@banyan/sansio';
import type { Host, Topology, TopologyOptions } from '../topology.ts';

const SIDE = 1_000;
// One way across the diagonal is then 141 ms: the figures are ratios, so the scale only keeps timeouts in the real range.
const MS_PER_UNIT = 0.1;
const LATENCY_MS_MIN = 0.01;

/**
 * Hosts thrown uniformly on a square of 1000 by 1000; delay is the straight distance.
 * Source: Rowstron & Druschel 2001, §3.2 (Figures 6 to 8).
 */
export function plane({ hosts, seed }: TopologyOptions): Topology {
  const rng = seededRng(seed);
  const x = new Float64Array(hosts);
  const y = new Float64Array(hosts);
  for (let host = 0; host < hosts; host++) {
    x[host] = rng.next() * SIDE;
    y[host] = rng.next() * SIDE;
  }
  return {
    name: 'plane',
    hosts,
    latencyMs(from: Host, to: Host): number {
      if (from === to) return 0;
      const dx = (x[from] ?? 0) - (x[to] ?? 0);
      const dy = (y[from] ?? 0) - (y[to] ?? 0);
      return Math.max(LATENCY_MS_MIN, Math.sqrt(dx * dx + dy * dy) * MS_PER_UNIT);
    },
  };
}
