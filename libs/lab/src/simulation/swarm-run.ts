import type { Millis } from '@banyan/sansio';
import { CALM, plane, Trace, type Weather } from '@banyan/simulator';
import { SILENT } from '../report/progress.ts';
import { unleash, type Roughness } from './chaos.ts';
import { growRing } from './grow.ts';
import { ProbeNodes } from './probe-nodes.ts';
import type { LookupVerdict } from './lookup-oracle.ts';
import { LookupLoad } from './lookup-load.ts';
import { OverlaySimulation } from './overlay-simulation.ts';
import type { RingOracle } from './ring-oracle.ts';
import type { ProbeApplications } from './probe.ts';

const LEAF_SET = 16;
const ROUGH_MS = 120_000;
const LOOKUP_PERIOD_MS = 50;
const HEAL_MS = 240_000;
const FINAL_LOOKUPS = 200;
const DRAIN_MS = 60_000;

// Each seed has one of these, so a few seeds in a row see all.
const WEATHERS: readonly Weather[] = [
  { ...CALM, jitter: 0.2 },
  { lossRate: 0.01, duplicateRate: 0.01, jitter: 0.5, reorderRate: 0.05, reorderMsMax: 100 },
  { lossRate: 0.05, duplicateRate: 0.02, jitter: 1, reorderRate: 0.1, reorderMsMax: 300 },
];

const ROUGHNESS: Roughness = {
  forMs: ROUGH_MS,
  crashEveryMs: 2_000,
  silentShare: 0.5,
  restartAfterMs: [500, 60_000],
  readyShareMin: 0.7,
};

export interface SwarmSetup {
  readonly seed: number;
  readonly nodes: number;
  /** Keeps a digest of every effect; costs more than the run itself. */
  readonly traced: boolean;
}

/** How one swarm ended. `violations` are sentences; none means that everything promised held. */
export interface SwarmReport {
  readonly seed: number;
  readonly lookups: LookupVerdict;
  readonly crashes: number;
  readonly virtualSeconds: number;
  readonly events: number;
  readonly digest: string | undefined;
  readonly violations: readonly string[];
}

/**
 * One seed: a ring grows, then nodes crash and start again for two minutes of bad weather under lookups, then all is
 * left alone until everybody is back, and every lookup must have arrived and every leaf set be right.
 */
export function runSwarm({ seed, nodes, traced }: SwarmSetup): SwarmReport {
  const weather = WEATHERS[seed % WEATHERS.length] ?? CALM;
  const machines = new ProbeNodes({ leafSet: LEAF_SET, digitBits: 4 });
  const simulation = new OverlaySimulation<ProbeApplications>({
    topology: plane({ hosts: nodes, seed }),
    seed,
    weather,
    makeNode: machines.make,
  });
  const { world, ring } = simulation;
  const trace = traced ? new Trace() : undefined;
  let crashes = 0;
  simulation.observe({
    crashed: () => (crashes += 1),
    step: (now, host, _input, effects) => trace?.record(`${now} ${host} ${JSON.stringify(effects)}`),
  });
  const violations: string[] = [];
  if (!growRing(simulation, nodes, SILENT)) violations.push(`only ${ring.size} of ${nodes} nodes became ready`);

  const load = new LookupLoad(simulation);
  unleash(simulation, ROUGHNESS);
  load.run(LOOKUP_PERIOD_MS, world.now + ROUGH_MS);
  world.run(world.now + ROUGH_MS);
  if (!world.runUntil(() => ring.size === nodes, world.now + HEAL_MS)) violations.push(`only ${ring.size} of ${nodes} nodes are ready ${HEAL_MS / 1_000} s after the last crash`);
  settle(simulation, load);

  const verdict = load.oracle.verdict();
  violations.push(...leafSetFaults(simulation.ring, machines), ...countsOf(verdict), ...load.oracle.complaints);
  return {
    seed,
    lookups: verdict,
    crashes,
    virtualSeconds: world.now / 1_000,
    events: world.events,
    digest: trace?.digest(),
    violations,
  };
}

function settle(simulation: OverlaySimulation<ProbeApplications>, load: LookupLoad<ProbeApplications>): void {
  const { world } = simulation;
  const pause: Millis = DRAIN_MS / 2;
  world.run(world.now + pause);
  for (let i = 0; i < FINAL_LOOKUPS; i++) load.send();
  world.runUntil(() => load.oracle.open === 0, world.now + DRAIN_MS);
}

function countsOf({ lost, incorrect, duplicate }: LookupVerdict): readonly string[] {
  return Object.entries({ lost, incorrect, duplicate }).flatMap(([what, count]) => (count > 0 ? [`${count} lookups ${what}`] : []));
}

/** Leaf sets that are not the true neighbors on both sides. */
function leafSetFaults(ring: RingOracle, machines: ProbeNodes): readonly string[] {
  return ring.members().flatMap((id) => {
    const { up, down } = ring.neighbors(id, LEAF_SET / 2);
    const leaves = new Set(machines.routing(id)?.view.leaves().map((leaf) => leaf.id));
    const missing = [...up, ...down].filter((neighbor) => !leaves.has(neighbor));
    return missing.length === 0 ? [] : [`${id} lacks ${missing.length} of its leaves: ${missing.join(', ')}`];
  });
}
