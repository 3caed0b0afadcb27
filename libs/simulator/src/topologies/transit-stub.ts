import { type Rng, seededRng } from '@banyan/sansio';
import type { Host, Topology, TopologyOptions } from '../topology.ts';
import { type RouterLink, shortestPaths } from './graph.ts';

const DOMAINS = 10;
const ROUTERS_PER_DOMAIN = 5;
const STUBS_PER_TRANSIT_ROUTER = 10;
const ROUTERS_PER_STUB = 10;
const RANDOM_DOMAIN_LINKS = 10;
const TRANSIT_ROUTERS = DOMAINS * ROUTERS_PER_DOMAIN;
const STUBS = TRANSIT_ROUTERS * STUBS_PER_TRANSIT_ROUTER;
/** Routers of the whole graph: 50 transit and 5,000 stub routers. */
export const TRANSIT_STUB_ROUTERS = TRANSIT_ROUTERS + STUBS * ROUTERS_PER_STUB;

const LAN_MS = 1;
const BETWEEN_DOMAINS_MS = [20, 80] as const;
const WITHIN_DOMAIN_MS = [5, 20] as const;
const TRANSIT_TO_STUB_MS = [2, 10] as const;
const INSIDE_STUB_MS = [1, 3] as const;

/**
 * 5,050 routers: 10 transit domains of 5, each transit router with 10 stubs of 10 routers. Hosts sit on LANs at stub
 * routers. Domains are a ring with 10 random links, the routers of a domain all meet, a stub is a random tree with two
 * more links and one gateway. Nothing passes through a stub, so a path is stub, gateway, transit, gateway, stub, and
 * three small tables give every delay.
 * Source: Zegura, Calvert, Bhattacharjee, INFOCOM 1996 (GT-ITM), in the size of Castro et al., DSN 2004.
 */
export function transitStub({ hosts, seed }: TopologyOptions): Topology {
  const rng = seededRng(seed);
  const transit = shortestPaths(TRANSIT_ROUTERS, transitLinks(rng));
  const stubs = Array.from({ length: STUBS }, () => makeStub(rng));
  const router = new Int32Array(hosts);
  for (let host = 0; host < hosts; host++) router[host] = rng.below(STUBS * ROUTERS_PER_STUB);

  return {
    name: `transit-stub of ${TRANSIT_STUB_ROUTERS} routers`,
    hosts,
    latencyMs(from: Host, to: Host): number {
      if (from === to) return 0;
      const fromRouter = router[from] ?? 0;
      const toRouter = router[to] ?? 0;
      const fromStub = Math.floor(fromRouter / ROUTERS_PER_STUB);
      const toStub = Math.floor(toRouter / ROUTERS_PER_STUB);
      const a = stubs[fromStub];
      const b = stubs[toStub];
      if (a === undefined || b === undefined) return 0;
      const fromSeat = fromRouter % ROUTERS_PER_STUB;
      const toSeat = toRouter % ROUTERS_PER_STUB;
      if (fromStub === toStub) return 2 * LAN_MS + (a.distances(fromSeat)[toSeat] ?? 0);
      const across = transit(Math.floor(fromStub / STUBS_PER_TRANSIT_ROUTER))[Math.floor(toStub / STUBS_PER_TRANSIT_ROUTER)] ?? 0;
      return 2 * LAN_MS + (a.toTransitMs[fromSeat] ?? 0) + across + (b.toTransitMs[toSeat] ?? 0);
    },
  };
}

interface Stub {
  readonly distances: (from: number) => Float32Array;
  /** From each router of the stub to the transit router it hangs on. */
  readonly toTransitMs: Float32Array;
}

function makeStub(rng: Rng): Stub {
  const links: RouterLink[] = [];
  for (let router = 1; router < ROUTERS_PER_STUB; router++) {
    links.push({ from: router, to: rng.below(router), latencyMs: between(rng, INSIDE_STUB_MS) });
  }
  for (let extra = 0; extra < 2; extra++) {
    links.push({ from: rng.below(ROUTERS_PER_STUB), to: rng.below(ROUTERS_PER_STUB), latencyMs: between(rng, INSIDE_STUB_MS) });
  }
  const distances = shortestPaths(ROUTERS_PER_STUB, links);
  const gatewayMs = between(rng, TRANSIT_TO_STUB_MS);
  return { distances, toTransitMs: distances(0).map((insideMs) => insideMs + gatewayMs) };
}

function transitLinks(rng: Rng): RouterLink[] {
  const links: RouterLink[] = [];
  const routerOf = (domain: number): number => domain * ROUTERS_PER_DOMAIN + rng.below(ROUTERS_PER_DOMAIN);
  for (let domain = 0; domain < DOMAINS; domain++) {
    links.push({ from: routerOf(domain), to: routerOf((domain + 1) % DOMAINS), latencyMs: between(rng, BETWEEN_DOMAINS_MS) });
    for (let a = 0; a < ROUTERS_PER_DOMAIN; a++) {
      for (let b = 0; b < a; b++) {
        links.push({ from: domain * ROUTERS_PER_DOMAIN + a, to: domain * ROUTERS_PER_DOMAIN + b, latencyMs: between(rng, WITHIN_DOMAIN_MS) });
      }
    }
  }
  for (let extra = 0; extra < RANDOM_DOMAIN_LINKS; extra++) {
    const domain = rng.below(DOMAINS);
    const other = (domain + 1 + rng.below(DOMAINS - 1)) % DOMAINS;
    links.push({ from: routerOf(domain), to: routerOf(other), latencyMs: between(rng, BETWEEN_DOMAINS_MS) });
  }
  return links;
}

function between(rng: Rng, [low, high]: readonly [number, number]): number {
  return low + rng.next() * (high - low);
}
