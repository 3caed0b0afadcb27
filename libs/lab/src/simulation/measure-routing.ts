import type { DigitBits } from '@banyan/ids';
import type { Millis } from '@banyan/sansio';
import type { Topology } from '@banyan/simulator';
import { startMeter } from '../report/meter.ts';
import type { Progress } from '../report/progress.ts';
import { mean, rounded } from '../statistics.ts';
import { growMeasured, type JoinFigures } from './join-cost.ts';
import { KnownRing } from './known-ring.ts';
import { LookupLoad } from './lookup-load.ts';
import type { Arrival } from './lookup-oracle.ts';
import { OverlaySimulation } from './overlay-simulation.ts';
import { NodeFactory } from './node-factory.ts';
import { PerfectRoutes } from './perfect-routes.ts';
import { Probe, type ProbeApplications } from './probe.ts';
import { hopFigures, rdpFigures, type HopFigures, type RdpFigures } from './routing-figures.ts';

const SETTLE_MS = 60_000;
const LOOKUPS_PER_SECOND = 2_000;
const DRAIN_MS = 60_000;
/** Lookups that are routed once more over perfect tables: the first so many, */
const PERFECT_MAX = 50_000;
/** and fewer in a large ring, for each looks at about a sixteenth of it (b = 4): so many nodes in all. */
const PERFECT_LOOKS_MAX = 400_000_000;
/** Machines kept of a ring whose tables were filled. */
const MACHINES_MAX = 50_000;

export interface RoutingSetup {
  readonly topology: Topology;
  readonly lookups: number;
  readonly seed: number;
  readonly leafSet: number;
  readonly digitBits: DigitBits;
  /** Fill the tables from the true ring instead of joining, and simulate nothing but the lookups. */
  readonly direct: boolean;
  /** Machines kept of a ring whose tables were filled. */
  readonly machinesMax?: number;
}

export type RoutingResults = {
  readonly joined: number;
  readonly lookups: number;
  readonly hops: HopFigures;
  readonly rdp: RdpFigures;
  /** What perfect tables give the same lookups on the same network: the true leaf set, and in every slot the nearest of all nodes that fit. */
  readonly perfect: { readonly lookups: number; readonly hops: number; readonly rdp: RdpFigures };
  /** Null when tables were filled directly. */
  readonly joins: JoinFigures | null;
  readonly lost: number;
  readonly incorrect: number;
  readonly duplicate: number;
  readonly late: number;
  /** Filled slots of routing tables, of the nodes whose machines are there. */
  readonly entriesPerNode: { readonly mean: number; readonly max: number };
  /** Everything sent in the minute between the last join and the first lookup. Null when tables were filled: nothing is sent then. */
  readonly idleMessagesPerNodeSecond: number | null;
  /** Machines made, one node's more than once when it was forgotten. Null when nodes joined: each has one. */
  readonly machinesMade: number | null;
  readonly virtualSeconds: number;
  readonly events: number;
  /** Without what perfect tables took. */
  readonly eventsPerCpuSecond: number;
  readonly complaints: readonly string[];
};

/** Lets every host join, waits a minute, then routes between random pairs: the key is the id of the other node. */
export function measureRouting({ topology, lookups, seed, leafSet, digitBits, direct, machinesMax = MACHINES_MAX }: RoutingSetup, progress: Progress): RoutingResults {
  const meter = startMeter();
  const nodes = new NodeFactory<ProbeApplications>({ leafSet, digitBits, applications: () => ({ probe: new Probe() }) });
  const simulation = new OverlaySimulation<ProbeApplications>({ topology, seed, makeNode: nodes.make });
  const { world, ring, rng } = simulation;
  const arrivals: Arrival[] = [];
  const load = new LookupLoad(simulation, { arrived: (arrival) => arrivals.push(arrival) });
  const { oracle } = load;
  const members = direct ? nodes.standStill(simulation, machinesMax) : undefined;
  const joins = direct ? null : growMeasured(simulation, topology.hosts, progress);
  const idleMessages = direct ? null : idleFor(SETTLE_MS, world);

  const startedAt = world.now;
  for (let number = 0; number < lookups; number++) {
    world.run(startedAt + (number * 1_000) / LOOKUPS_PER_SECOND);
    const from = rng.below(topology.hosts);
    const to = (from + 1 + rng.below(topology.hosts - 1)) % topology.hosts;
    load.sendFrom(from, simulation.idOf(to));
    progress.show('lookups', number, lookups);
  }
  world.runUntil(() => oracle.delivered === lookups, world.now + DRAIN_MS);

  const { cpuSeconds } = meter();
  const { lost, incorrect, duplicate, late } = oracle.verdict();
  const entries = simulation.ids().flatMap((id) => nodes.routing(id)?.sizes().entries ?? []);
  return {
    joined: ring.size,
    lookups,
    hops: hopFigures(arrivals),
    rdp: rdpFigures(arrivals, (from, to) => topology.latencyMs(from, to)),
    perfect: perfectFigures(simulation, { arrivals, leafSet, digitBits }),
    joins,
    lost,
    incorrect,
    duplicate,
    late,
    entriesPerNode: { mean: rounded(mean(entries), 1), max: entries.reduce((most, count) => Math.max(most, count), 0) },
    idleMessagesPerNodeSecond: idleMessages === null ? null : rounded((idleMessages * 1_000) / topology.hosts / SETTLE_MS, 3),
    machinesMade: members?.made ?? null,
    virtualSeconds: rounded(world.now / 1_000, 1),
    events: world.events,
    eventsPerCpuSecond: Math.round(world.events / cpuSeconds),
    complaints: oracle.complaints,
  };
}

/** Lets time pass; the datagrams sent meanwhile. */
function idleFor(ms: Millis, world: { readonly now: Millis; readonly datagrams: number; run(until: Millis): void }): number {
  const before = world.datagrams;
  world.run(world.now + ms);
  return world.datagrams - before;
}

function perfectFigures(
  simulation: OverlaySimulation<ProbeApplications>,
  { arrivals, leafSet, digitBits }: { readonly arrivals: readonly Arrival[]; readonly leafSet: number; readonly digitBits: DigitBits },
): RoutingResults['perfect'] {
  const { topology } = simulation.world.network;
  const routes = new PerfectRoutes({ ring: new KnownRing(simulation.ids(), digitBits), topology, leafSet });
  const count = Math.min(PERFECT_MAX, Math.ceil((PERFECT_LOOKS_MAX * 2 ** digitBits) / topology.hosts));
  const again = arrivals.slice(0, count).map(({ from, at }) => routes.route(from, at));
  return { lookups: again.length, hops: hopFigures(again).mean, rdp: rdpFigures(again, (from, to) => topology.latencyMs(from, to)) };
}
