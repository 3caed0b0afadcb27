import { readFileSync } from 'node:fs';
import { parseLatencyMap } from '@banyan/host/latency-map';
import { graph, isRouted, matrix, plane, sphere, transitStub, type RoutedTopology, type RouterLink, type Topology } from '@banyan/simulator';
import { LabFault } from './cli/fault.ts';
import { reasonOf } from './report/result-file.ts';

/** For help texts. */
export const TOPOLOGY_PLACEHOLDER = 'plane|sphere|transit-stub|matrix:FILE|graph:FILE';

const KM_PER_MS = 200;

/**
 * The topology that `choice` names, with its file read and checked.
 * Files: a latency matrix is plain text, one row a line, round trips in ms; a graph is node-link JSON whose links have
 * `dist` in km (light runs 200 km a ms in fiber) or `latencyMs`.
 */
export function makeTopology(choice: string, { hosts, seed }: { readonly hosts: number; readonly seed: number }): Topology {
  const colon = choice.indexOf(':');
  const kind = colon === -1 ? choice : choice.slice(0, colon);
  const path = colon === -1 ? undefined : choice.slice(colon + 1);
  switch (kind) {
    case 'plane':
      return withoutFile(choice, path, () => plane({ hosts, seed }));
    case 'sphere':
      return withoutFile(choice, path, () => sphere({ hosts, seed }));
    case 'transit-stub':
      return withoutFile(choice, path, () => transitStub({ hosts, seed }));
    case 'matrix':
      return matrix({ hosts, seed, ...parseMatrix(readFile(choice, path), path ?? '') });
    case 'graph':
      return graph({ hosts, seed, ...parseGraph(readFile(choice, path), path ?? '') });
    default:
      throw unknownTopology(choice);
  }
}

/** The same for experiments that count what links carry; a usage fault where one cannot tell them. */
export function routedTopology(choice: string, made: { readonly hosts: number; readonly seed: number }): RoutedTopology {
  const topology = makeTopology(choice, made);
  if (!isRouted(topology)) throw new LabFault(`--topology: '${choice}' has no links to count, take transit-stub or graph:FILE`, { usage: true });
  return topology;
}

/** A latency matrix in either form that nodes emulate (`BANYAN_EMULATE_LATENCY`). */
export function parseMatrix(text: string, path: string): { readonly sites: number; readonly roundTripMs: Float32Array } {
  const map = parseLatencyMap(text);
  if ('fault' in map) throw new LabFault(`${path} is no latency matrix: ${map.fault}`);
  return { sites: map.sites, roundTripMs: map.roundTripMs };
}

/** Node-link JSON: `nodes` in order, with an `id` or known by their place; `links` (or `edges`) between `source` and `target`. */
export function parseGraph(text: string, path: string): { readonly routers: number; readonly links: readonly RouterLink[] } {
  const { nodes, links } = parseNodeLink(text, path);
  const places = new Map<unknown, number>();
  nodes.forEach((node, place) => places.set(field(node, 'id') ?? place, place));
  const routerLinks = links.map((link, index): RouterLink => {
    const from = places.get(field(link, 'source'));
    const to = places.get(field(link, 'target'));
    const distanceKm = field(link, 'dist');
    const latencyMs = field(link, 'latencyMs') ?? (typeof distanceKm === 'number' ? distanceKm / KM_PER_MS : undefined);
    if (from === undefined || to === undefined) throw new LabFault(`${path} is no router graph: link ${index} joins nodes that do not exist`);
    if (typeof latencyMs !== 'number' || !(latencyMs >= 0)) throw new LabFault(`${path} is no router graph: link ${index} has neither dist nor latencyMs`);
    return { from, to, latencyMs };
  });
  requireConnected(nodes.length, routerLinks, path);
  return { routers: nodes.length, links: routerLinks };
}

function parseNodeLink(text: string, path: string): { readonly nodes: readonly unknown[]; readonly links: readonly unknown[] } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new LabFault(`${path} is no JSON: ${reasonOf(cause)}`, { cause });
  }
  const nodes = field(json, 'nodes');
  const links = field(json, 'links') ?? field(json, 'edges');
  if (!Array.isArray(nodes) || !Array.isArray(links)) throw new LabFault(`${path} is no router graph: it lacks nodes or links`);
  if (nodes.length < 2) throw new LabFault(`${path} is no router graph: it has ${nodes.length} nodes`);
  return { nodes, links };
}

function requireConnected(routers: number, links: readonly RouterLink[], path: string): void {
  const leader = Array.from({ length: routers }, (_, router) => router);
  const find = (router: number): number => {
    let at = router;
    while (leader[at] !== at) at = leader[at] = leader[leader[at] ?? at] ?? at;
    return at;
  };
  let parts = routers;
  for (const { from, to } of links) {
    const [a, b] = [find(from), find(to)];
    if (a === b) continue;
    leader[a] = b;
    parts -= 1;
  }
  if (parts !== 1) throw new LabFault(`${path} is no usable router graph: it falls into ${parts} parts`);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function readFile(choice: string, path: string | undefined): string {
  if (path === undefined || path === '') throw unknownTopology(choice);
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LabFault(`cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
}

function withoutFile(choice: string, path: string | undefined, make: () => Topology): Topology {
  if (path !== undefined) throw unknownTopology(choice);
  return make();
}

function unknownTopology(choice: string): LabFault {
  return new LabFault(`--topology: '${choice}' is none of ${TOPOLOGY_PLACEHOLDER}`, { usage: true });
}
