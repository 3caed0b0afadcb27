import type { DigitBits, Id } from '@banyan/ids';
import { Multicast } from '@banyan/multicast';
import type { Millis } from '@banyan/sansio';
import type { Host, Topology, Weather } from '@banyan/simulator';
import type { Progress } from '../report/progress.ts';
import { rounded } from '../statistics.ts';
import type { GroupApplications } from './group-setup.ts';
import { growRing } from './grow.ts';
import { LookupLoad } from './lookup-load.ts';
import { NodeFactory } from './node-factory.ts';
import { OverlaySimulation } from './overlay-simulation.ts';
import { OwnerCount } from './owner-count.ts';
import { Probe } from './probe.ts';
import { hasNeighbors, SideOracle } from './side-oracle.ts';
import { SplitGroups, type SplitGroupsVerdict } from './split-groups.ts';

const SETTLE_MS: Millis = 60_000;
const OPENING_MS: Millis = 10_000;
/** How long a merge is waited for. */
const MERGE_MS_MAX: Millis = 900_000;
const LOOK_MS: Millis = 250;
/** How long the one ring is watched after a merge, and how often its owners are counted. */
const WATCH_MS: Millis = 120_000;
const AUDIT_MS: Millis = 5_000;
const DRAIN_MS: Millis = 60_000;
/** Nodes on either side of a key that are asked at each look; at the first and the last all are. */
const REACH = 4;

export interface PartitionSetup {
  readonly topology: Topology;
  readonly weather?: Weather;
  /** How long the world is split, ms. */
  readonly splitMs: Millis;
  readonly sides: number;
  /** Share of the nodes on the first side; the others divide the rest. */
  readonly share: number;
  /** How many times it is split and healed, each time along other lines. */
  readonly repeats: number;
  /** Lookups in each second, all the time. */
  readonly lookups: number;
  /** So many reliable and so many ordered groups run through it. */
  readonly groups: number;
  readonly seed: number;
  readonly leafSet: number;
  readonly digitBits: DigitBits;
}

export type PartitionResults = {
  readonly joined: number;
  /** From the heal until every node's two neighbors were the true ones, the slowest merge; null: not within 15 min. */
  readonly mergeSeconds: number | null;
  readonly merges: readonly (number | null)[];
  /** From the heal until every leaf set was the true one. */
  readonly leafSetSeconds: number | null;
  /** Keys that more than one node would have delivered, at any of the looks after a merge. */
  readonly keysWithTwoOwners: number;
  /** Keys that nobody would have delivered at the last look, two minutes after a merge. */
  readonly keysWithoutOwner: number;
  /** Keys looked at, over all looks. */
  readonly keysAudited: number;
  /** Whether each side was a whole ring of its own before the heal. */
  readonly sidesStood: boolean;
  readonly lookups: number;
  /** Judged within the side on which a lookup went. */
  readonly lost: number;
  readonly incorrect: number;
  readonly duplicate: number;
  readonly late: number;
  /** Messages a node sent from the heal to the merge, beyond what lookups took. */
  readonly messagesPerNode: number;
  readonly groups: SplitGroupsVerdict;
  readonly complaints: readonly string[];
};

/**
 * A ring grows, is split into sides that cannot hear each other, healed, and watched until it is one ring again. Lookups
 * never stop.
 */
export function measurePartition(setup: PartitionSetup, progress: Progress): PartitionResults {
  const { topology, weather, splitMs, lookups, seed, leafSet, digitBits, repeats } = setup;
  const nodes = new NodeFactory<GroupApplications>({ leafSet, digitBits, applications: (view, rng) => ({ probe: new Probe(), multicast: new Multicast(view, rng) }) });
  const simulation = new OverlaySimulation<GroupApplications>({ topology, seed, makeNode: nodes.make, ...(weather === undefined ? {} : { weather }) });
  const { world } = simulation;
  const sides = new SideOracle(simulation);
  const load = new LookupLoad(simulation, { judge: sides });
  growRing(simulation, topology.hosts, progress);
  const joined = simulation.ring.size;
  world.run(world.now + SETTLE_MS);
  const groups = new SplitGroups({ simulation, nodes, count: setup.groups });
  groups.open();
  world.run(world.now + OPENING_MS);
  groups.publish(world.now + repeats * (splitMs + WATCH_MS));
  const rounds: Merge[] = [];
  for (let round = 0; round < repeats; round++) {
    progress.show('split and heal', round, repeats);
    load.run(1_000 / lookups, world.now + splitMs + WATCH_MS);
    rounds.push(splitAndHeal({ setup, simulation, nodes, sides }));
  }
  world.run(world.now + DRAIN_MS);
  const { lookups: sent, lost, incorrect, duplicate, late } = load.oracle.verdict();
  const sum = (figure: (merge: Merge) => number): number => rounds.reduce((total, merge) => total + figure(merge), 0);
  return {
    joined,
    mergeSeconds: slowest(rounds.map(({ seconds }) => seconds)),
    merges: rounds.map(({ seconds }) => seconds),
    leafSetSeconds: slowest(rounds.map(({ leafSetSeconds }) => leafSetSeconds)),
    keysWithTwoOwners: sum(({ owners }) => owners.withTwo),
    keysWithoutOwner: sum(({ owners }) => owners.withoutNow),
    keysAudited: sum(({ owners }) => owners.audited),
    sidesStood: rounds.every(({ sidesStood }) => sidesStood),
    lookups: sent,
    lost,
    incorrect,
    duplicate,
    late,
    messagesPerNode: rounded(sum(({ messages }) => messages) / joined / repeats, 1),
    groups: groups.verdict(),
    complaints: load.oracle.complaints,
  };
}

interface Split {
  readonly setup: PartitionSetup;
  readonly simulation: OverlaySimulation<GroupApplications>;
  readonly nodes: NodeFactory<GroupApplications>;
  readonly sides: SideOracle<GroupApplications>;
}

interface Merge {
  readonly seconds: number | null;
  readonly leafSetSeconds: number | null;
  readonly sidesStood: boolean;
  readonly owners: OwnerCount<GroupApplications>;
  readonly messages: number;
}

function splitAndHeal(split: Split): Merge {
  const { setup, simulation, nodes, sides } = split;
  const { world, ring } = simulation;
  const parts = draw(split);
  world.network.partition(...parts);
  sides.split(parts);
  world.run(world.now + setup.splitMs);
  const sidesStood = sides.stand((id) => leavesOf(nodes, id));

  const healedAt = world.now;
  let messages = 0;
  let counts = true;
  simulation.observe({
    sent: (_host, { type }) => {
      if (counts && type !== 'envelope' && type !== 'hopAck') messages += 1;
    },
  });
  world.heal();
  const secondsUntil = (isWrong: (id: Id) => boolean): number | null => {
    let wrong = ring.members();
    while (world.now < healedAt + MERGE_MS_MAX) {
      // Those that were right before are looked at again only when nobody else is wrong.
      wrong = wrong.filter(isWrong);
      if (wrong.length === 0) wrong = ring.members().filter(isWrong);
      if (wrong.length === 0) return rounded((world.now - healedAt) / 1_000, 2);
      world.run(world.now + LOOK_MS);
    }
    return null;
  };
  const seconds = secondsUntil((id) => !hasNeighbors(ring, id, leavesOf(nodes, id)));
  sides.merged();
  counts = false;
  const mergedAt = world.now;
  const owners = new OwnerCount(split);
  owners.look(ring.size);
  const leafSetSeconds = secondsUntil((id) => lacksLeaves(split, id));
  while (world.now < mergedAt + WATCH_MS) {
    world.run(world.now + AUDIT_MS);
    owners.look(REACH);
  }
  owners.look(ring.size);
  return { seconds, leafSetSeconds, sidesStood, owners, messages };
}

/** Hosts in random order, cut into sides. */
function draw({ setup: { sides, share, topology }, simulation: { rng } }: Split): readonly (readonly Host[])[] {
  const hosts = rng.shuffle(Array.from({ length: topology.hosts }, (_, host) => host));
  const first = Math.max(1, Math.round(topology.hosts * share));
  const others = sides - 1;
  const bounds = Array.from({ length: others + 1 }, (_, i) => first + Math.round(((topology.hosts - first) * i) / others));
  return [hosts.slice(0, first), ...bounds.slice(1).map((end, i) => hosts.slice(bounds[i], end))];
}

function leavesOf(nodes: NodeFactory<GroupApplications>, id: Id): readonly Id[] {
  return (nodes.routing(id)?.view.leaves() ?? []).map((leaf) => leaf.id);
}

function lacksLeaves({ setup, simulation: { ring }, nodes }: Split, id: Id): boolean {
  const { up, down } = ring.neighbors(id, setup.leafSet / 2);
  const leaves = new Set(leavesOf(nodes, id));
  return ![...up, ...down].every((leaf) => leaves.has(leaf));
}

function slowest(seconds: readonly (number | null)[]): number | null {
  return seconds.reduce<number | null>((worst, each) => (worst === null || each === null ? null : Math.max(worst, each)), 0);
}
