import { randomId, type DigitBits, type Id } from '@banyan/ids';
import type { Envelope } from '@banyan/kbr';
import type { Topology } from '@banyan/simulator';
import type { Progress } from '../report/progress.ts';
import { rounded } from '../statistics.ts';
import { growRing } from './grow.ts';
import { headOf, KnownRing } from './known-ring.ts';
import { LookupLoad } from './lookup-load.ts';
import { NodeFactory } from './node-factory.ts';
import { OverlaySimulation } from './overlay-simulation.ts';
import { Probe, type ProbeApplications, type ProbeBody } from './probe.ts';

/** By then every table entry was asked whether it lives, and told where it lies by now: coordinates drift while a ring grows. */
const SETTLE_MS = 15 * 60_000;
const DRAIN_MS = 60_000;
const LOOKUPS_PER_SECOND = 2_000;

export interface NearestReplicaSetup {
  readonly topology: Topology;
  readonly lookups: number;
  readonly seed: number;
  readonly leafSet: number;
  readonly neighborhood: number;
  readonly digitBits: DigitBits;
  /** k: the nodes closest to a key hold a replica each. */
  readonly replicas: number;
  /** Nodes lead messages to the nearest replica they can judge to be one; else every message goes straight to the root. */
  readonly heuristic: boolean;
  readonly direct: boolean;
}

export type NearestReplicaResults = {
  readonly joined: number;
  readonly lookups: number;
  /** Share of lookups that met the replica nearest to their sender first; one of the two nearest. */
  readonly nearest: number;
  readonly nearestTwo: number;
  /** Share of lookups that met the i-th nearest first. */
  readonly byRank: readonly number[];
  readonly hops: number;
  readonly lost: number;
  readonly incorrect: number;
};

/** Routes random keys from random nodes and looks which of the k nodes closest to the key each message comes to first. */
export function measureNearestReplica(setup: NearestReplicaSetup, progress: Progress): NearestReplicaResults {
  const { topology, lookups, seed, leafSet, neighborhood, digitBits, replicas, heuristic, direct } = setup;
  const config = { neighborhoodSize: neighborhood };
  const nodes = new NodeFactory<ProbeApplications>({ leafSet, digitBits, config, applications: () => ({ probe: new Probe() }) });
  const simulation = new OverlaySimulation<ProbeApplications>({ topology, seed, makeNode: nodes.make });
  const { world, ring, rng } = simulation;
  let hops = 0;
  const load = new LookupLoad(simulation, { arrived: (arrival) => (hops += arrival.hops) });
  if (direct) nodes.fillDirectly(simulation);
  else growRing(simulation, topology.hosts, progress);
  world.run(world.now + SETTLE_MS);

  const known = new KnownRing(simulation.ids(), digitBits);
  /** Replicas of each lookup, nearest to the sender first; emptied when one was met. */
  const sought: number[][] = [];
  const metByRank = new Array<number>(replicas).fill(0);
  const meet = (probe: number, host: number): void => {
    const rank = sought[probe]?.indexOf(host) ?? -1;
    if (rank === -1) return;
    metByRank[rank] = (metByRank[rank] ?? 0) + 1;
    sought[probe] = [];
  };
  simulation.observe({
    message: (host, message) => {
      if (message.type === 'envelope') meet((message.envelope as Envelope<ProbeBody>).body.probe, host);
    },
  });
  const replicasOf = (key: Id, from: number): number[] =>
    known.closest(headOf(key), replicas).map((place) => known.hostAt(place)).sort((a, b) => topology.latencyMs(from, a) - topology.latencyMs(from, b));

  const startedAt = world.now;
  for (let number = 0; number < lookups; number++) {
    world.run(startedAt + (number * 1_000) / LOOKUPS_PER_SECOND);
    const from = rng.below(topology.hosts);
    const key = randomId(rng);
    sought.push(replicasOf(key, from));
    load.sendFrom(from, key, heuristic ? replicas : undefined);
    meet(number, from);
    progress.show('lookups', number, lookups);
  }
  world.runUntil(() => load.oracle.delivered === lookups, world.now + DRAIN_MS);
  const { delivered, incorrect, lost } = load.oracle.verdict();
  const shares = metByRank.map((count) => rounded(count / lookups));
  return {
    joined: ring.size,
    lookups,
    nearest: shares[0] ?? 0,
    nearestTwo: rounded((shares[0] ?? 0) + (shares[1] ?? 0)),
    byRank: shares,
    hops: rounded(hops / Math.max(1, delivered)),
    lost,
    incorrect,
  };
}
