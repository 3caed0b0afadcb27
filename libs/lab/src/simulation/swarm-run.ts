import { clockwiseDistance, randomId } from '@banyan/ids';
import { Multicast, type DeliveryClass } from '@banyan/multicast';
import { seededRng, type Millis, type Rng } from '@banyan/sansio';
import { plane, SharedPlaces, StepFailed, Trace, type HostClock } from '@banyan/simulator';
import { SILENT } from '../report/progress.ts';
import { BadWays, type WayCounts } from './bad-ways.ts';
import { BoundsOracle } from './bounds-oracle.ts';
import { Chaos, type FaultCounts, type Victims } from './chaos.ts';
import { drawFaultMix, type FaultKinds, type FaultMix } from './fault-mix.ts';
import { GroupLoad } from './group-load.ts';
import { labGroup, type GroupApplications } from './group-setup.ts';
import { growRing } from './grow.ts';
import { LeaseJudge } from './lease-judge.ts';
import { LookupLoad } from './lookup-load.ts';
import type { LookupVerdict } from './lookup-oracle.ts';
import { NodeFactory } from './node-factory.ts';
import { OverlaySimulation } from './overlay-simulation.ts';
import { Probe } from './probe.ts';
import type { RingOracle } from './ring-oracle.ts';
import { WORKLOADS, type Workload, type WorkloadName } from './workload.ts';

const DELIVERIES: readonly DeliveryClass[] = ['reliable', 'ordered', 'best-effort'];
const LEAF_SET = 16;
const READERS_APART = 1_000_000;
/** Hosts kept for new nodes on dead nodes' addresses, as a share of all. */
const SPARE_SHARE = 0.5;
const CLOCK_OFFSET_MS_MAX: Millis = 3_600_000;
const OPENING_MS: Millis = 10_000;
/** Faults strike until then, and for this long at least. */
const ROUGH_UNTIL_MS: Millis = 440_000;
const ROUGH_MS_MIN: Millis = 120_000;
const RETURN_MS: Millis = 240_000;
const QUIET_MS: Millis = 30_000;
const FINAL_LOOKUPS = 200;
const DRAIN_MS: Millis = 60_000;
const WHOLE_RUN_MS: Millis = 600_000;
/** An outermost leaf that was missed is found by exchanges with random leaves, one a minute: it takes some of them. */
const WHOLE_MS: Millis = 600_000;
const LOOK_MS: Millis = 10_000;
const HALF_RING = 1n << 127n;
/** Inputs of a machine that broke a truth that are told with it. */
const INPUTS_TOLD = 8;

export interface SwarmSetup {
  readonly seed: number;
  readonly nodes: number;
  readonly workload: WorkloadName;
  readonly faults: FaultKinds;
  /** Keeps a digest of every effect. */
  readonly traced: boolean;
}

/** How one swarm ended. `violations` are sentences; none means that everything promised held. */
export interface SwarmReport {
  readonly seed: number;
  readonly mix: FaultMix;
  readonly lookups: LookupVerdict;
  /** Over all groups: messages receipted, and messages handed to readers. */
  readonly receipted: number;
  readonly delivered: number;
  readonly faults: FaultCounts & WayCounts;
  /** What nodes gave up, by reason: what the metrics of a real node would show. */
  readonly drops: Readonly<Record<string, number>>;
  readonly virtualSeconds: number;
  readonly events: number;
  readonly digest: string | undefined;
  readonly violations: readonly string[];
}

/**
 * One seed: a ring grows and groups open; then what the seed's fault mix holds strikes nodes, ways and clocks
 * for some minutes, under lookups and publishing; then all is left alone until everybody is back. By then every lookup must
 * have arrived and every reader have every message; every leaf set must be right within minutes. Ten minutes of virtual time.
 * `watch` is called before anything happens: for looking into a seed that failed.
 */
export function runSwarm({ seed, nodes, workload, faults, traced }: SwarmSetup, watch?: (simulation: OverlaySimulation<GroupApplications>) => void): SwarmReport {
  const mixRng = seededRng(seed).fork();
  const mix = drawFaultMix(mixRng, faults);
  const places = new SharedPlaces(plane({ hosts: nodes, seed }), Math.ceil(nodes * SPARE_SHARE));
  const clocks = Array.from({ length: places.hosts }, () => drawClock(mix, mixRng));
  const factory: NodeFactory<GroupApplications> = new NodeFactory<GroupApplications>({
    leafSet: LEAF_SET,
    digitBits: 4,
    // Wall clocks are set once, when the node starts; from then on they run as wrong as the host's clock does.
    applications: (view, rng) => ({ probe: new Probe(), multicast: new Multicast(view, rng, { wallOffsetMs: -(clocks[simulation.hostOf(view.self.id)]?.offsetMs ?? 0) }) }),
  });
  const simulation: OverlaySimulation<GroupApplications> = new OverlaySimulation<GroupApplications>({
    topology: places,
    seed,
    weather: mix.weather,
    placeOf: (host) => places.placeOf(host),
    makeNode: factory.make,
  });
  const { world } = simulation;
  clocks.forEach((clock, host) => world.setClock(host, clock));
  const trace = traced ? new Trace() : undefined;
  const bounds = new BoundsOracle(simulation, factory);
  if (trace !== undefined) simulation.observe({ step: (now, host, _input, effects) => trace.record(`${now} ${host} ${JSON.stringify(effects)}`) });
  watch?.(simulation);
  const violations: string[] = [];
  const groups: GroupLoad[] = [];
  const load = new LookupLoad(simulation, { judge: new LeaseJudge(simulation, factory) });
  const victims: Victims = {
    simulation,
    factory,
    places,
    nodes,
    tenderSpot: () => simulation.rng.pick(groups)?.keyHolder(),
    mayEnd: (host) => groups.every((group) => group.survives(host)),
    replaced: (gone, by) => {
      for (const group of groups) group.replace(gone, by);
    },
  };
  const chaos = new Chaos(victims, mix);
  const ways = new BadWays(victims, mix);
  try {
    violations.push(...live({ simulation, factory, seed, nodes, workload: WORKLOADS[workload], load, groups, chaos, ways }));
  } catch (failure) {
    if (!(failure instanceof StepFailed)) throw failure;
    violations.push(failure.message, ...failure.inputs.slice(-INPUTS_TOLD).map(({ at, input }) => `  ${at} ${JSON.stringify(input)}`));
  }
  violations.push(...bounds.complaints);
  return {
    seed,
    mix,
    lookups: load.oracle.verdict(),
    receipted: groups.reduce((total, group) => total + group.oracle.receipted, 0),
    delivered: groups.reduce((total, group) => total + group.delivered, 0),
    faults: { ...chaos.counts, ...ways.counts },
    drops: bounds.drops,
    virtualSeconds: world.now / 1_000,
    events: world.events,
    digest: trace?.digest(),
    violations,
  };
}

interface Swarm {
  readonly simulation: OverlaySimulation<GroupApplications>;
  readonly factory: NodeFactory<GroupApplications>;
  readonly seed: number;
  readonly nodes: number;
  readonly workload: Workload;
  readonly load: LookupLoad<GroupApplications>;
  /** Filled when the ring has grown. */
  readonly groups: GroupLoad[];
  readonly chaos: Chaos;
  readonly ways: BadWays;
}

/** The whole life of a swarm; what of it turned out false, as sentences. */
function live(swarm: Swarm): readonly string[] {
  const { simulation, factory, nodes, workload, load, groups, chaos, ways } = swarm;
  const { world, ring } = simulation;
  const violations: string[] = [];
  if (!growRing(simulation, nodes, SILENT)) violations.push(`only ${ring.size} of ${nodes} nodes became ready`);
  groups.push(...openGroups(swarm));
  world.run(world.now + OPENING_MS);

  const roughUntil = Math.max(ROUGH_UNTIL_MS, world.now + ROUGH_MS_MIN);
  chaos.unleash(roughUntil);
  ways.unleash(roughUntil);
  load.run(1_000 / (workload.lookupsPerNodePerSecond * nodes), roughUntil);
  for (const group of groups) group.publish(workload.publishPeriodMs, roughUntil);
  world.run(roughUntil);
  if (!world.runUntil(() => ring.size === nodes, world.now + RETURN_MS)) violations.push(`only ${ring.size} of ${nodes} nodes are ready ${RETURN_MS / 1_000} s after the last fault`);

  world.run(world.now + QUIET_MS);
  for (let i = 0; i < FINAL_LOOKUPS; i++) load.send();
  world.run(Math.max(world.now + DRAIN_MS, WHOLE_RUN_MS));
  violations.push(...countsOf(load.oracle.verdict()), ...load.oracle.complaints);
  for (const group of groups) violations.push(...group.complaints, ...group.tree.complaints, ...group.unfinished());
  const wholeBy = world.now + WHOLE_MS;
  while (world.now < wholeBy && leafSetFaults(ring, factory).length > 0) world.run(world.now + LOOK_MS);
  return [...violations, ...leafSetFaults(ring, factory)];
}

function openGroups({ simulation, factory, seed, nodes, workload }: Swarm): readonly GroupLoad[] {
  const { rng } = simulation;
  return Array.from({ length: workload.groups }, (_, i) => {
    const members = rng.shuffle(Array.from({ length: nodes }, (__, host) => host)).slice(0, Math.ceil(nodes * workload.membersShare));
    // The first is reliable, so that every seed has one; each three seeds in a row see all classes.
    const delivery = DELIVERIES[i === 0 ? 0 : (seed + i) % DELIVERIES.length] ?? 'reliable';
    const descriptor = labGroup(randomId(rng), `group-${i + 1}`, delivery);
    const load = new GroupLoad({ simulation, nodes: factory, descriptor, members, publishers: workload.publishersPerGroup, firstReader: (i + 1) * READERS_APART });
    load.open();
    return load;
  });
}

// The worst is two clocks at opposite ends, so they are there more often than chance would have them.
function drawClock({ clockError }: FaultMix, rng: Rng): HostClock {
  const share = rng.next() < 0.5 ? 2 * rng.next() - 1 : (rng.pick([-1, 1]) ?? 1);
  return { offsetMs: rng.next() * CLOCK_OFFSET_MS_MAX, rate: 1 + clockError * share };
}

function countsOf({ lost, incorrect, duplicate }: LookupVerdict): readonly string[] {
  return Object.entries({ lost, incorrect, duplicate }).flatMap(([what, count]) => (count > 0 ? [`${count} lookups ${what}`] : []));
}

/**
 * Leaf sets that are not the true neighbors on both sides. In rings hardly larger than a leaf set a side may reach beyond
 * half the ring; a leaf set that was full once does not follow it there.
 */
function leafSetFaults(ring: RingOracle, nodes: NodeFactory<GroupApplications>): readonly string[] {
  return ring.members().flatMap((id) => {
    const { up, down } = ring.neighbors(id, LEAF_SET / 2);
    const leaves = new Set(nodes.routing(id)?.view.leaves().map((leaf) => leaf.id));
    const expected = [...up.filter((above) => clockwiseDistance(id, above) < HALF_RING), ...down.filter((below) => clockwiseDistance(below, id) < HALF_RING)];
    const missing = expected.filter((neighbor) => !leaves.has(neighbor));
    return missing.length === 0 ? [] : [`${id} lacks ${missing.length} of its leaves: ${missing.join(', ')}`];
  });
}
