import { seededRng } from '@banyan/sansio';
import type { Host, Topology, TopologyOptions } from '../topology.ts';

// Half the girth of the Earth is 20,000 km; light in fiber runs 200 km in a millisecond.
const HALF_GIRTH_MS = 100;
const LATENCY_MS_MIN = 0.01;

/**
 * Hosts thrown uniformly on a sphere; delay is the great-circle distance.
 * Source: Castro, Druschel, Hu, Rowstron, MSR-TR-2002-82 (topology "Sphere").
 */
export function sphere({ hosts, seed }: TopologyOptions): Topology {
  const rng = seededRng(seed);
  const x = new Float64Array(hosts);
  const y = new Float64Array(hosts);
  const z = new Float64Array(hosts);
  for (let host = 0; host < hosts; host++) {
    // Archimedes: the height of a uniform point on a sphere is uniform.
    const height = rng.next() * 2 - 1;
    const angle = rng.next() * 2 * Math.PI;
    const radius = Math.sqrt(1 - height * height);
    x[host] = radius * Math.cos(angle);
    y[host] = radius * Math.sin(angle);
    z[host] = height;
  }
  return {
    name: 'sphere',
    hosts,
    latencyMs(from: Host, to: Host): number {
      if (from === to) return 0;
      const cosine = (x[from] ?? 0) * (x[to] ?? 0) + (y[from] ?? 0) * (y[to] ?? 0) + (z[from] ?? 0) * (z[to] ?? 0);
      const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
      return Math.max(LATENCY_MS_MIN, (angle / Math.PI) * HALF_GIRTH_MS);
    },
  };
}
