import { type Rng, seededRng } from '@banyan/sansio';
import type { Host, RoutedTopology, TopologyOptions } from '../topology.ts';
import { eachLinkOf, type RouterLink, shortestPaths, type ShortestPaths } from './graph.ts';

const DOMAINS = 10;
const ROUTERS_PER_DOMAIN = 5;
const STUBS_PER_TRANSIT_ROUTER = 10;
const ROUTERS_PER_STUB = 10;
const RANDOM_DOMAIN_LINKS = 10;
const EXTRA_LINKS_PER_STUB = 2;
/** Links between the routers of a stub, and the one to its transit router. */
const LINKS_PER_STUB = ROUTERS_PER_STUB - 1 + EXTRA_LINKS_PER_STUB + 1;
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
export function transitStub({ hosts, seed }: TopologyOptions): RoutedTopology {
  const rng = seededRng(seed);
  const backbone = transitLinks(rng);
  const transit = shortestPaths(TRANSIT_ROUTERS, backbone);
  const stubs = Array.from({ length: STUBS }, () => makeStub(rng));
  const router = new Int32Array(hosts);
  for (let host = 0; host < hosts; host++) router[host] = rng.below(STUBS * ROUTERS_PER_STUB);
  // Links are numbered: backbone, those of one stub after the other with its gateway's last, one LAN a host.
  const firstLan = backbone.length + STUBS * LINKS_PER_STUB;
  const eachLinkToTransit = (stub: number, seat: number, visit: (link: number) => void): void => {
    const first = backbone.length + stub * LINKS_PER_STUB;
    visit(first + LINKS_PER_STUB - 1);
    const { links, paths } = stubs[stub] ?? NO_STUB;
    eachLinkOf(paths(0), links, seat, (link) => visit(first + link));
  };

  return {
    name: `transit-stub of ${TRANSIT_STUB_ROUTERS} routers`,
    hosts,
    links: firstLan + hosts,
    latencyMs(from: Host, to: Host): number {
      if (from === to) return 0;
      const fromRouter = router[from] ?? 0;
      const toRouter = router[to] ?? 0;
      const fromStub = Math.floor(fromRouter / ROUTERS_PER_STUB);
      const toStub = Math.floor(toRouter / ROUTERS_PER_STUB);
      const a = stubs[fromStub] ?? NO_STUB;
      const b = stubs[toStub] ?? NO_STUB;
      const fromSeat = fromRouter % ROUTERS_PER_STUB;
      const toSeat = toRouter % ROUTERS_PER_STUB;
      if (fromStub === toStub) return 2 * LAN_MS + (a.paths(fromSeat).distancesMs[toSeat] ?? 0);
      const across = transit(transitOf(fromStub)).distancesMs[transitOf(toStub)] ?? 0;
      return 2 * LAN_MS + (a.toTransitMs[fromSeat] ?? 0) + across + (b.toTransitMs[toSeat] ?? 0);
    },
    eachLink(from, to, visit) {
      if (from === to) return;
      const fromRouter = router[from] ?? 0;
      const toRouter = router[to] ?? 0;
      const fromStub = Math.floor(fromRouter / ROUTERS_PER_STUB);
      const toStub = Math.floor(toRouter / ROUTERS_PER_STUB);
      visit(firstLan + from);
      if (fromStub === toStub) {
        const { links, paths } = stubs[fromStub] ?? NO_STUB;
        const first = backbone.length + fromStub * LINKS_PER_STUB;
        eachLinkOf(paths(fromRouter % ROUTERS_PER_STUB), links, toRouter % ROUTERS_PER_STUB, (link) => visit(first + link));
      } else {
        eachLinkToTransit(fromStub, fromRouter % ROUTERS_PER_STUB, visit);
        eachLinkOf(transit(transitOf(fromStub)), backbone, transitOf(toStub), visit);
        eachLinkToTransit(toStub, toRouter % ROUTERS_PER_STUB, visit);
      }
      visit(firstLan + to);
    },
  };
}

/** The transit router that a stub hangs on. */
function transitOf(stub: number): number {
  return Math.floor(stub / STUBS_PER_TRANSIT_ROUTER);
}

interface Stub {
  readonly links: readonly RouterLink[];
  readonly paths: (from: number) => ShortestPaths;
  /** From each router of the stub to the transit router it hangs on. */
  readonly toTransitMs: Float32Array;
}

/** Stands for a stub that does not exist, so that a look at one needs no second answer. */
const NO_STUB: Stub = { links: [], paths: shortestPaths(1, []), toTransitMs: new Float32Array(1) };

function makeStub(rng: Rng): Stub {
  const links: RouterLink[] = [];
  for (let router = 1; router < ROUTERS_PER_STUB; router++) {
    links.push({ from: router, to: rng.below(router), latencyMs: between(rng, INSIDE_STUB_MS) });
  }
  for (let extra = 0; extra < EXTRA_LINKS_PER_STUB; extra++) {
    links.push({ from: rng.below(ROUTERS_PER_STUB), to: rng.below(ROUTERS_PER_STUB), latencyMs: between(rng, INSIDE_STUB_MS) });
  }
  const paths = shortestPaths(ROUTERS_PER_STUB, links);
  const gatewayMs = between(rng, TRANSIT_TO_STUB_MS);
  return { links, paths, toTransitMs: paths(0).distancesMs.map((insideMs) => insideMs + gatewayMs) };
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
