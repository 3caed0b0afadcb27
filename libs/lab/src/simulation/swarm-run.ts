import { randomId } from '@banyan/ids';
import { Multicast } from '@banyan/multicast';
import type { Millis } from '@banyan/sansio';
import { CALM, plane, StepFailed, Trace, type Weather } from '@banyan/simulator';
import { SILENT } from '../report/progress.ts';
import { unleash, type Roughness } from './chaos.ts';
import { GroupLoad } from './group-load.ts';
import { reliableGroup, type GroupApplications } from './group-setup.ts';
import { growRing } from './grow.ts';
import { LookupLoad } from './lookup-load.ts';
import type { LookupVerdict } from './lookup-oracle.ts';
import { NodeFactory } from './node-factory.ts';
import { OverlaySimulation } from './overlay-simulation.ts';
import { Probe } from './probe.ts';
import type { RingOracle } from './ring-oracle.ts';

const LEAF_SET = 16;
const GROUPS = 2;
const MEMBERS_SHARE = 0.15;
const PUBLISHERS = 2;
const READERS_APART = 1_000_000;
const OPENING_MS: Millis = 10_000;
const ROUGH_MS: Millis = 120_000;
const LOOKUP_PERIOD_MS: Millis = 50;
const PUBLISH_PERIOD_MS: Millis = 200;
const RETURN_MS: Millis = 240_000;
const QUIET_MS: Millis = 30_000;
const FINAL_LOOKUPS = 200;
const DRAIN_MS: Millis = 60_000;
/** An outermost leaf that was missed is found by exchanges with random leaves, one a minute: it takes some of them. */
const WHOLE_MS: Millis = 600_000;
const LOOK_MS: Millis = 10_000;
/** Inputs of a machine that broke a truth that are told with it. */
const INPUTS_TOLD = 8;

// Each seed has one of these, so a few seeds in a row see all.
const WEATHERS: readonly Weather[] = [
  { ...CALM, jitter: 0.2 },
  { lossRate: 0.01, duplicateRate: 0.01, jitter: 0.5, reorderRate: 0.05, reorderMsMax: 100 },
  { lossRate: 0.05, duplicateRate: 0.02, jitter: 1, reorderRate: 0.1, reorderMsMax: 300 },
];

const ROUGHNESS: Omit<Roughness, 'tenderSpot' | 'mayCrash'> = {
  forMs: ROUGH_MS,
  crashEveryMs: 2_000,
  silentShare: 0.5,
  restartAfterMs: [500, 60_000],
  readyShareMin: 0.7,
  tenderShare: 0.3,
};

export interface SwarmSetup {
  readonly seed: number;
  readonly nodes: number;
  /** Keeps a digest of every effect. */
  readonly traced: boolean;
}

/** How one swarm ended. `violations` are sentences; none means that everything promised held. */
export interface SwarmReport {
  readonly seed: number;
  readonly lookups: LookupVerdict;
  /** Over all groups: messages receipted, and messages handed to readers. */
  readonly receipted: number;
  readonly delivered: number;
  readonly crashes: number;
  /** What nodes gave up, by reason: what the metrics of a real node would show. */
  readonly drops: Readonly<Record<string, number>>;
  readonly virtualSeconds: number;
  readonly events: number;
  readonly digest: string | undefined;
  readonly violations: readonly string[];
}

/**
 * One seed: a ring grows and two reliable groups open; then nodes crash and start again for two minutes of bad weather
 * under lookups and publishing; then all is left alone until everybody is back. By then every lookup must have arrived
 * and every reader have every message; every leaf set must be right within minutes.
 */
export function runSwarm({ seed, nodes, traced }: SwarmSetup): SwarmReport {
  const factory = new NodeFactory<GroupApplications>({
    leafSet: LEAF_SET,
    digitBits: 4,
    applications: (view, rng) => ({ probe: new Probe(), multicast: new Multicast(view, rng) }),
  });
  const weather = WEATHERS[seed % WEATHERS.length] ?? CALM;
  const simulation = new OverlaySimulation<GroupApplications>({ topology: plane({ hosts: nodes, seed }), seed, weather, makeNode: factory.make });
  const { world } = simulation;
  const trace = traced ? new Trace() : undefined;
  let crashes = 0;
  const drops: Record<string, number> = {};
  simulation.observe({
    crashed: () => (crashes += 1),
    step: (now, host, _input, effects) => {
      for (const effect of effects) if (effect.type === 'drop') drops[effect.reason] = (drops[effect.reason] ?? 0) + effect.count;
      trace?.record(`${now} ${host} ${JSON.stringify(effects)}`);
    },
  });
  const violations: string[] = [];
  const groups: GroupLoad[] = [];
  const load = new LookupLoad(simulation);
  try {
    violations.push(...live({ simulation, factory, load, groups }));
  } catch (failure) {
    if (!(failure instanceof StepFailed)) throw failure;
    violations.push(failure.message, ...failure.inputs.slice(-INPUTS_TOLD).map(({ at, input }) => `  ${at} ${JSON.stringify(input)}`));
  }
  return {
    seed,
    lookups: load.oracle.verdict(),
    receipted: groups.reduce((total, group) => total + group.oracle.receipted, 0),
    delivered: groups.reduce((total, group) => total + group.delivered, 0),
    crashes,
    drops,
    virtualSeconds: world.now / 1_000,
    events: world.events,
    digest: trace?.digest(),
    violations,
  };
}

interface Swarm {
  readonly simulation: OverlaySimulation<GroupApplications>;
  readonly factory: NodeFactory<GroupApplications>;
  readonly load: LookupLoad<GroupApplications>;
  /** Filled when the ring has grown. */
  readonly groups: GroupLoad[];
}

/** The whole life of a swarm; what of it turned out false, as sentences. */
function live({ simulation, factory, load, groups }: Swarm): readonly string[] {
  const { world, ring } = simulation;
  const nodes = world.network.topology.hosts;
  const violations: string[] = [];
  if (!growRing(simulation, nodes, SILENT)) violations.push(`only ${ring.size} of ${nodes} nodes became ready`);
  groups.push(...openGroups(simulation, factory));
  world.run(world.now + OPENING_MS);

  const roughUntil = world.now + ROUGH_MS;
  unleash(simulation, {
    ...ROUGHNESS,
    tenderSpot: () => simulation.rng.pick(groups)?.keyHolder(),
    mayCrash: (host) => groups.every((group) => group.survives(host)),
  });
  load.run(LOOKUP_PERIOD_MS, roughUntil);
  for (const group of groups) group.publish(PUBLISH_PERIOD_MS, roughUntil);
  world.run(roughUntil);
  if (!world.runUntil(() => ring.size === nodes, world.now + RETURN_MS)) violations.push(`only ${ring.size} of ${nodes} nodes are ready ${RETURN_MS / 1_000} s after the last crash`);

  world.run(world.now + QUIET_MS);
  for (let i = 0; i < FINAL_LOOKUPS; i++) load.send();
  world.run(world.now + DRAIN_MS);
  violations.push(...countsOf(load.oracle.verdict()), ...load.oracle.complaints);
  for (const group of groups) violations.push(...group.complaints, ...group.tree.complaints, ...group.unfinished());
  const wholeBy = world.now + WHOLE_MS;
  while (world.now < wholeBy && leafSetFaults(ring, factory).length > 0) world.run(world.now + LOOK_MS);
  return [...violations, ...leafSetFaults(ring, factory)];
}

function openGroups(simulation: OverlaySimulation<GroupApplications>, nodes: NodeFactory<GroupApplications>): readonly GroupLoad[] {
  const { rng } = simulation;
  const { hosts } = simulation.world.network.topology;
  return Array.from({ length: GROUPS }, (_, i) => {
    const members = rng.shuffle(Array.from({ length: hosts }, (__, host) => host)).slice(0, Math.ceil(hosts * MEMBERS_SHARE));
    const descriptor = reliableGroup(randomId(rng), `group-${i + 1}`);
    const load = new GroupLoad({ simulation, nodes, descriptor, members, publishers: PUBLISHERS, firstReader: (i + 1) * READERS_APART });
    load.open();
    return load;
  });
}

function countsOf({ lost, incorrect, duplicate }: LookupVerdict): readonly string[] {
  return Object.entries({ lost, incorrect, duplicate }).flatMap(([what, count]) => (count > 0 ? [`${count} lookups ${what}`] : []));
}

/** Leaf sets that are not the true neighbors on both sides. */
function leafSetFaults(ring: RingOracle, nodes: NodeFactory<GroupApplications>): readonly string[] {
  return ring.members().flatMap((id) => {
    const { up, down } = ring.neighbors(id, LEAF_SET / 2);
    const leaves = new Set(nodes.routing(id)?.view.leaves().map((leaf) => leaf.id));
    const missing = [...up, ...down].filter((neighbor) => !leaves.has(neighbor));
    return missing.length === 0 ? [] : [`${id} lacks ${missing.length} of its leaves: ${missing.join(', ')}`];
  });
}
