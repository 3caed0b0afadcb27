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
  // x and y of a host lie side by side: of a million hosts each look is one that no cache foresees.
  const places = new Float64Array(2 * hosts);
  for (let i = 0; i < places.length; i++) places[i] = rng.next() * SIDE;
  return {
    name: 'plane',
    hosts,
    latencyMs(from: Host, to: Host): number {
      if (from === to) return 0;
      const dx = (places[2 * from] ?? 0) - (places[2 * to] ?? 0);
      const dy = (places[2 * from + 1] ?? 0) - (places[2 * to + 1] ?? 0);
      return Math.max(LATENCY_MS_MIN, Math.sqrt(dx * dx + dy * dy) * MS_PER_UNIT);
    },
  };
}
