import { describe, expect, it } from 'vitest';
import type { Host, RoutedTopology, Topology } from '../topology.ts';
import { graph, shortestPaths } from './graph.ts';
import { matrix } from './matrix.ts';
import { plane } from './plane.ts';
import { sphere } from './sphere.ts';
import { transitStub } from './transit-stub.ts';

const ring = [0, 1, 2, 3, 4].map((from) => ({ from, to: (from + 1) % 5, latencyMs: 10 }));
const made: readonly ((seed: number) => Topology)[] = [
  (seed) => plane({ hosts: 300, seed }),
  (seed) => sphere({ hosts: 300, seed }),
  (seed) => transitStub({ hosts: 300, seed }),
  (seed) => matrix({ hosts: 300, seed, sites: 2, roundTripMs: Float32Array.of(0, 40, 44, 0) }),
  (seed) => graph({ hosts: 300, seed, routers: 5, links: ring }),
];

describe.each(made)('topology %#', (make) => {
  it('has no pair of hosts 0 ms apart, and 0 ms from a host to itself', () => {
    const topology = make(3);
    for (let from = 0; from < 300; from += 7) {
      for (let to = 0; to < 300; to++) {
        const latencyMs = topology.latencyMs(from, to);
        expect(from === to ? latencyMs === 0 : latencyMs > 0 && latencyMs < 1_000, `${from} to ${to}: ${latencyMs}`).toBe(true);
      }
    }
  });

  it('is a function of its seed', () => {
    const sample = (topology: Topology): number[] => Array.from({ length: 99 }, (_, host) => topology.latencyMs(host, host + 1));
    expect(sample(make(3))).toEqual(sample(make(3)));
    expect(sample(make(3))).not.toEqual(sample(make(4)));
  });
});

it('places hosts of the plane 52 ms apart on average', () => {
  const topology = plane({ hosts: 1_000, seed: 1 });
  let sum = 0;
  for (let host = 0; host < 999; host++) sum += topology.latencyMs(host, host + 1);
  expect(sum / 999).toBeCloseTo(52.1, -1);
});

it('takes half of a round trip, each way its own', () => {
  const topology = matrix({ hosts: 2, seed: 1, sites: 2, roundTripMs: Float32Array.of(0, 40, 44, 0) });
  expect([topology.latencyMs(0, 1), topology.latencyMs(1, 0)].sort()).toEqual([20, 22]);
});

it('goes the shorter way round a ring of routers', () => {
  expect([...shortestPaths(5, ring)(0).distancesMs]).toEqual([0, 10, 20, 20, 10]);
});

it('says which routers are not connected', () => {
  const topology = graph({ hosts: 3, seed: 1, routers: 3, links: [{ from: 0, to: 1, latencyMs: 1 }] });
  expect(() => [topology.latencyMs(0, 1), topology.latencyMs(1, 2), topology.latencyMs(0, 2)]).toThrow('are connected');
});

describe('links on the way', () => {
  const linksOf = (topology: RoutedTopology, from: Host, to: Host): number[] => {
    const links: number[] = [];
    topology.eachLink(from, to, (link) => links.push(link));
    return links;
  };

  it('are those of the shortest path, with one of its own for each host where hosts share routers', () => {
    const alone = graph({ hosts: 5, seed: 1, routers: 5, links: ring });
    for (let to = 1; to < 5; to++) expect(linksOf(alone, 0, to).length * 10).toBe(alone.latencyMs(0, to));
    const crowded = graph({ hosts: 30, seed: 1, routers: 5, links: ring });
    expect(crowded.links).toBe(35);
    expect(linksOf(crowded, 3, 7)).toEqual(expect.arrayContaining([8, 12]));
  });

  it('pass no link twice and are the same both ways, through stub, gateway, backbone, gateway and stub', () => {
    const topology = transitStub({ hosts: 300, seed: 2 });
    expect(linksOf(topology, 4, 4)).toEqual([]);
    for (let from = 0; from < 300; from += 11) {
      for (let to = 0; to < 300; to += 7) {
        const there = linksOf(topology, from, to);
        expect(new Set(there).size, 'no link twice').toBe(there.length);
        expect(there.every((link) => link >= 0 && link < topology.links)).toBe(true);
        expect(linksOf(topology, to, from).sort()).toEqual(there.sort());
      }
    }
  });
});
