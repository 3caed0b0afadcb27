import { randomId, type DigitBits, type Id } from '@banyan/ids';
import type { Millis } from '@banyan/sansio';
import type { Topology } from '@banyan/simulator';
import type { Progress } from '../report/progress.ts';
import { rounded } from '../statistics.ts';
import { growRing } from './grow.ts';
import { LATE_MS } from './lookup-oracle.ts';
import { NodeFactory } from './node-factory.ts';
import { OverlaySimulation } from './overlay-simulation.ts';
import { Probe, type ProbeApplications } from './probe.ts';
import { fullFrom, SuccessWatch, type Round } from './success-watch.ts';
import { isWholeRing } from './whole-ring.ts';

const SETTLE_MS: Millis = 60_000;
const ROUND_MS: Millis = 1_000;
/** Rounds after each blow, one a second. */
export const WATCHED_ROUNDS = 180;
const DRAIN_MS: Millis = 60_000;
/** All that join arrive within this time. */
const ARRIVAL_MS: Millis = 1_000;
const SEEDS = 5;

export interface MassacreSetup {
  /** Hosts of the first ring, and after them those that join later. */
  readonly topology: Topology;
  readonly nodes: number;
  /** Share of `nodes` that is killed at once, silently. */
  readonly fail: number;
  /** Lookups in each second. */
  readonly lookups: number;
  readonly seed: number;
  readonly leafSet: number;
  readonly digitBits: DigitBits;
}

export type MassacreResults = {
  readonly joined: number;
  readonly killed: number;
  readonly joinedLater: number;
  /** From the blow to the first second from which on every lookup reached its true root within 3 s; null: not within the time watched. */
  readonly secondsToFullSuccessAfterKill: number | null;
  readonly secondsToFullSuccessAfterJoin: number | null;
  /** From the kill to the first second from which on every survivor was ready and knew its true ring neighbors, and none dead between; null: not within the time watched. */
  readonly secondsToWholeRingAfterKill: number | null;
  readonly secondsToWholeRingAfterJoin: number | null;
  /** From the first arrival until all who joined were ready; null: not within the time watched. */
  readonly secondsToAllReady: number | null;
  /** Keys looked up once after each time watched that did not reach their true root within 3 s. */
  readonly keysWithoutOwner: number;
  /** How many were looked up for that. */
  readonly keysAudited: number;
  readonly incorrect: number;
  /** Never delivered by the end. */
  readonly lost: number;
  /** Share of successful lookups, second by second. */
  readonly successAfterKill: readonly number[];
  readonly successAfterJoin: readonly number[];
};

/**
 * A ring grows, a share of it is killed at once, and three minutes later the hosts that are left over join within a
 * second. Lookups are judged every second of it. Source: Zhao et al. 2004 (Tapestry: 830 nodes, -20 %, then +50 %).
 */
export function measureMassacre(setup: MassacreSetup, progress: Progress): MassacreResults {
  const { topology, nodes, fail, seed, leafSet, digitBits } = setup;
  const factory = new NodeFactory<ProbeApplications>({ leafSet, digitBits, applications: () => ({ probe: new Probe() }) });
  const simulation = new OverlaySimulation<ProbeApplications>({ topology, seed, makeNode: factory.make });
  const { world, ring, rng } = simulation;
  simulation.observe({ crashed: (_now, host) => factory.forget(simulation.idOf(host)) });
  growRing(simulation, nodes, progress);
  const joined = ring.size;
  world.run(world.now + SETTLE_MS);

  const watch = new SuccessWatch(simulation);
  const victims = rng.shuffle(Array.from({ length: nodes }, (_, host) => host)).slice(0, Math.round(nodes * fail));
  for (const host of victims) simulation.crash(host, { silent: true });
  const afterKill = watchRounds('after the kill', { simulation, factory, living: joined - victims.length, watch, lookups: setup.lookups, progress });
  const auditAfterKill = audit(simulation, watch);

  const expected = joined - victims.length + topology.hosts - nodes;
  const joiningAt = world.now;
  let allReadyAt = ring.size === expected ? joiningAt : undefined;
  simulation.observe({
    ready: () => {
      if (ring.size === expected) allReadyAt ??= world.now;
    },
  });
  for (let host = nodes; host < topology.hosts; host++) {
    const seeds = simulation.seeds(SEEDS);
    world.at(joiningAt + rng.next() * ARRIVAL_MS, () => simulation.start(host, seeds));
  }
  const afterJoin = watchRounds('after the join', { simulation, factory, living: expected, watch, lookups: setup.lookups, progress });
  const auditAfterJoin = audit(simulation, watch);
  world.run(world.now + DRAIN_MS);

  const audits = [auditAfterKill, auditAfterJoin];
  return {
    joined,
    killed: victims.length,
    joinedLater: topology.hosts - nodes,
    secondsToFullSuccessAfterKill: fullFrom(roundsOf(afterKill)) ?? null,
    secondsToFullSuccessAfterJoin: fullFrom(roundsOf(afterJoin)) ?? null,
    secondsToWholeRingAfterKill: wholeFrom(afterKill) ?? null,
    secondsToWholeRingAfterJoin: wholeFrom(afterJoin) ?? null,
    secondsToAllReady: allReadyAt === undefined ? null : rounded((allReadyAt - joiningAt) / 1_000, 1),
    keysWithoutOwner: audits.reduce((without, { sent, succeeded }) => without + sent - succeeded, 0),
    keysAudited: audits.reduce((audited, { sent }) => audited + sent, 0),
    incorrect: watch.incorrect,
    lost: watch.open,
    successAfterKill: roundsOf(afterKill).map(shareOf),
    successAfterJoin: roundsOf(afterJoin).map(shareOf),
  };
}

interface Watching {
  readonly simulation: OverlaySimulation<ProbeApplications>;
  readonly factory: NodeFactory<ProbeApplications>;
  /** Nodes that live, or will by the end. */
  readonly living: number;
  readonly watch: SuccessWatch<ProbeApplications>;
  readonly lookups: number;
  readonly progress: Progress;
}

interface Second {
  readonly round: Round;
  /** At its end. */
  readonly isWhole: boolean;
}

function roundsOf(seconds: readonly Second[]): readonly Round[] {
  return seconds.map(({ round }) => round);
}

/** The first second from which on the ring was whole. */
function wholeFrom(seconds: readonly Second[]): number | undefined {
  const lastBroken = seconds.findLastIndex(({ isWhole }) => !isWhole);
  return lastBroken === seconds.length - 1 ? undefined : lastBroken + 1;
}

/** A round of lookups every second, the first one now; every other key is the id of a host, dead ones too. */
function watchRounds(phase: string, { simulation, factory, living, watch, lookups, progress }: Watching): readonly Second[] {
  const { world, rng } = simulation;
  const { hosts } = world.network.topology;
  const seconds: Second[] = [];
  const startedAt = world.now;
  for (let second = 0; second < WATCHED_ROUNDS; second++) {
    progress.show(phase, second, WATCHED_ROUNDS);
    const round = watch.send(Array.from({ length: lookups }, (_, i) => (i % 2 === 0 ? randomId(rng) : simulation.idOf(rng.below(hosts)))));
    world.run(startedAt + (second + 1) * ROUND_MS);
    seconds.push({ round, isWhole: isWholeRing(simulation, factory, living) });
  }
  return seconds;
}

/** Looks up the id of every host, dead ones and those to come too, and as many random keys; returns when they must have arrived. */
function audit(simulation: OverlaySimulation<ProbeApplications>, watch: SuccessWatch<ProbeApplications>): Round {
  const { world, rng } = simulation;
  const ids: readonly Id[] = Array.from({ length: world.network.topology.hosts }, (_, host) => simulation.idOf(host));
  const round = watch.send([...ids, ...ids.map(() => randomId(rng))]);
  world.run(world.now + LATE_MS);
  return round;
}

function shareOf({ sent, succeeded }: Round): number {
  return rounded(succeeded / sent);
}
