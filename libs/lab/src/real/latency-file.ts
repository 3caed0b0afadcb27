import type { Id } from '@banyan/ids';
import { oneWayMs, type LatencyMap } from '@banyan/host/latency-map';
import type { Topology } from '@banyan/simulator';

/** A topology as nodes emulate it: a site for each of its hosts, rows of round trips in ms. */
export function latencyMapOf(topology: Topology): LatencyMap {
  const sites = topology.hosts;
  const roundTripMs = new Float32Array(sites * sites);
  for (let from = 0; from < sites; from++) {
    for (let to = 0; to < sites; to++) roundTripMs[from * sites + to] = topology.latencyMs(from, to) + topology.latencyMs(to, from);
  }
  return { sites, roundTripMs, lossRate: 0, seats: new Map() };
}

/** The map as the text of a file for `BANYAN_EMULATE_LATENCY`. */
export function latencyFileText({ sites, roundTripMs }: LatencyMap): string {
  const rows = Array.from({ length: sites }, (_, from) => [...roundTripMs.subarray(from * sites, (from + 1) * sites)].map((ms) => ms.toFixed(3)).join(' '));
  return `# round trips in ms between ${sites} sites; a node sits at its id modulo ${sites}\n${rows.join('\n')}\n`;
}

/** The same places for simulated nodes: host `i` is where the map seats `ids[i]`. */
export function topologyOf(map: LatencyMap, ids: readonly Id[]): Topology {
  return {
    name: `latency map of ${map.sites} sites`,
    hosts: ids.length,
    latencyMs(from, to) {
      const [a, b] = [ids[from], ids[to]];
      return from === to || a === undefined || b === undefined ? 0 : oneWayMs(map, a, b);
    },
  };
}
