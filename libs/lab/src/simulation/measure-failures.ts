import { randomId, type DigitBits } from '@banyan/ids';
import type { PastryMessage } from '@banyan/pastry';
import type { Millis } from '@banyan/sansio';
import type { Host, Topology } from '@banyan/simulator';
import type { Progress } from '../report/progress.ts';
import { rounded, sum } from '../statistics.ts';
import { growRing } from './grow.ts';
import { LookupLoad } from './lookup-load.ts';
import type { Arrival, LookupVerdict } from './lookup-oracle.ts';
import { NodeFactory } from './node-factory.ts';
import { OverlaySimulation } from './overlay-simulation.ts';
import { Probe, type ProbeApplications } from './probe.ts';
import { hopFigures, type HopFigures } from './routing-figures.ts';

const SETTLE_MS: Millis = 60_000;
const BATCH_MS: Millis = 1_000;
const DRAIN_MS: Millis = 120_000;
/** Half as long again as the sweep of a routing table: by then every entry has been asked whether it lives. */
export const REPAIR_MS: Millis = 15 * 60_000;

/** Messages that answer another. */
const REPLIES: ReadonlySet<string> = new Set<PastryMessage['type']>(['pong', 'pingReport', 'leafReply', 'leavesReply', 'rowReply']);

export interface FailuresSetup {
  readonly topology: Topology;
  /** Share of the nodes that fall silent at once. */
  readonly fail: number;
  /** In each of the batches before, unrepaired and repaired. */
  readonly lookups: number;
  readonly seed: number;
  readonly leafSet: number;
  readonly digitBits: DigitBits;
  /** Fill the tables from the true ring instead of joining. */
  readonly direct: boolean;
}

export type FailuresResults = {
  readonly joined: number;
  readonly failed: number;
  /** Mean hops of lookups that began within a second: before the failure, right after it, and 15 minutes later. */
  readonly hopsBefore: number;
  readonly hopsUnrepaired: number;
  readonly hopsRepaired: number;
  /** Mean hops of the last batch in the twin ring, where nobody fails. */
  readonly hopsUndisturbed: number;
  /** What survivors sent in the 15 minutes beyond what the same nodes sent in the twin ring; lookups, their hop acks, and replies to those that fall silent left out. */
  readonly repairMessagesPerFailedNode: number;
  /** Those of them that are no replies: what the paper calls remote procedure calls. */
  readonly repairCallsPerFailedNode: number;
  /** The same by type of message, dearest first. */
  readonly repairMessagesByType: { readonly [type: string]: number };
  readonly lost: number;
  readonly incorrect: number;
  readonly duplicate: number;
  readonly late: number;
  readonly histograms: { readonly before: readonly number[]; readonly unrepaired: readonly number[]; readonly repaired: readonly number[] };
  readonly complaints: readonly string[];
};

/**
 * Two rings of one seed live the same life, but in one of them a share of the nodes falls silent at once. What its
 * survivors send more than the same nodes of the other ring is what repair costs. Source: Rowstron & Druschel 2001, §4.4.
 */
export function measureFailures(setup: FailuresSetup, progress: Progress): FailuresResults {
  const twin = live(setup, { disturbed: false, progress });
  const ring = live(setup, { disturbed: true, progress });
  const repairMessagesByType = excess(ring.messages, twin.messages, ring.failed);
  return {
    joined: ring.joined,
    failed: ring.failed,
    hopsBefore: ring.before.mean,
    hopsUnrepaired: ring.unrepaired.mean,
    hopsRepaired: ring.repaired.mean,
    hopsUndisturbed: twin.repaired.mean,
    repairMessagesPerFailedNode: rounded(sum(Object.values(repairMessagesByType)), 1),
    repairCallsPerFailedNode: rounded(sum(Object.entries(repairMessagesByType).flatMap(([type, count]) => (REPLIES.has(type) ? [] : [count]))), 1),
    repairMessagesByType,
    lost: ring.verdict.lost,
    incorrect: ring.verdict.incorrect,
    duplicate: ring.verdict.duplicate,
    late: ring.verdict.late,
    histograms: { before: ring.before.histogram, unrepaired: ring.unrepaired.histogram, repaired: ring.repaired.histogram },
    complaints: ring.complaints,
  };
}

/** One of the two rings, at its end. */
interface Life {
  readonly joined: number;
  readonly failed: number;
  readonly before: HopFigures;
  readonly unrepaired: HopFigures;
  readonly repaired: HopFigures;
  /** What the survivors sent while the ring was repaired, by type. */
  readonly messages: ReadonlyMap<string, number>;
  readonly verdict: LookupVerdict;
  readonly complaints: readonly string[];
}

function live(setup: FailuresSetup, { disturbed, progress }: { readonly disturbed: boolean; readonly progress: Progress }): Life {
  const { topology, fail, lookups, seed, leafSet, digitBits, direct } = setup;
  const nodes = new NodeFactory<ProbeApplications>({ leafSet, digitBits, applications: () => ({ probe: new Probe() }) });
  const simulation = new OverlaySimulation<ProbeApplications>({ topology, seed, makeNode: nodes.make });
  const { world, ring, rng } = simulation;
  const arrivals: Arrival[] = [];
  const load = new LookupLoad(simulation, { arrived: (arrival) => arrivals.push(arrival) });
  if (direct) nodes.fillDirectly(simulation);
  else growRing(simulation, topology.hosts, progress);
  const joined = ring.size;
  world.run(world.now + SETTLE_MS);

  // Drawn in both rings, so that the twins go on drawing the same senders and keys.
  const hosts = rng.shuffle(Array.from({ length: topology.hosts }, (_, host) => host));
  const victims = hosts.slice(0, Math.round(topology.hosts * fail));
  const survivors = hosts.slice(victims.length);
  const batch = (): HopFigures => routeBatch({ simulation, load, arrivals, senders: survivors, lookups });

  progress.show('batches', 0, 3);
  const before = batch();
  const messages = countMessages(simulation, new Set(survivors));
  const failedAt = world.now;
  if (disturbed) for (const host of victims) simulation.crash(host, { silent: true });
  progress.show('batches', 1, 3);
  const unrepaired = batch();
  world.run(failedAt + REPAIR_MS);
  const whileRepaired = new Map(messages);
  progress.show('batches', 2, 3);
  const repaired = batch();
  return { joined, failed: victims.length, before, unrepaired, repaired, messages: whileRepaired, verdict: load.oracle.verdict(), complaints: load.oracle.complaints };
}

interface Batch {
  readonly simulation: OverlaySimulation<ProbeApplications>;
  readonly load: LookupLoad<ProbeApplications>;
  /** Of all lookups so far. */
  readonly arrivals: readonly Arrival[];
  readonly senders: readonly Host[];
  readonly lookups: number;
}

/** Lookups of random keys, all within a second; returns when all have arrived, or after two minutes. */
function routeBatch({ simulation: { world, rng }, load, arrivals, senders, lookups }: Batch): HopFigures {
  const arrivedBefore = arrivals.length;
  const startedAt = world.now;
  for (let number = 0; number < lookups; number++) {
    world.run(startedAt + (number * BATCH_MS) / lookups);
    const from = rng.pick(senders);
    if (from !== undefined) load.sendFrom(from, randomId(rng));
  }
  world.runUntil(() => arrivals.length === arrivedBefore + lookups, world.now + DRAIN_MS);
  return hopFigures(arrivals.slice(arrivedBefore));
}

/**
 * Counts from now on what `senders` send, by type; lookups and their hop acks left out, and so are replies to others: the
 * silent ask nothing, and what they do not ask in the one ring must not make repair look cheaper.
 */
function countMessages(simulation: OverlaySimulation<ProbeApplications>, senders: ReadonlySet<Host>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  simulation.observe({
    sent: (host: Host, { type }: PastryMessage, to: Host) => {
      if (type === 'envelope' || type === 'hopAck' || !senders.has(host)) return;
      if (!REPLIES.has(type) || senders.has(to)) counts.set(type, (counts.get(type) ?? 0) + 1);
    },
  });
  return counts;
}

function excess(disturbed: ReadonlyMap<string, number>, quiet: ReadonlyMap<string, number>, failed: number): { readonly [type: string]: number } {
  const types = [...new Set([...disturbed.keys(), ...quiet.keys()])];
  const perFailed = types.map((type) => [type, rounded(((disturbed.get(type) ?? 0) - (quiet.get(type) ?? 0)) / Math.max(1, failed), 1)] as const);
  return Object.fromEntries(perFailed.sort(([, a], [, b]) => b - a));
}
