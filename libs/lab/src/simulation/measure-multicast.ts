import type { DigitBits } from '@banyan/ids';
import { LOCAL_CONFIG, Multicast } from '@banyan/multicast';
import type { Host, RoutedTopology } from '@banyan/simulator';
import type { Progress } from '../report/progress.ts';
import { mean, percentile, rounded } from '../statistics.ts';
import { DelayPenalties, type PenaltyFigures } from './delay-penalty.ts';
import { drawGroups, inWaves, type DrawnGroup } from './drawn-groups.ts';
import { growRing } from './grow.ts';
import type { GroupApplications } from './group-setup.ts';
import { KnownRing } from './known-ring.ts';
import { LinkStress, type StressFigures } from './link-stress.ts';
import { MulticastWave, type Delivered } from './multicast-wave.ts';
import { NodeFactory } from './node-factory.ts';
import { OverlaySimulation } from './overlay-simulation.ts';
import { PerfectRoutes } from './perfect-routes.ts';
import { perfectTree } from './perfect-tree.ts';
import { Probe } from './probe.ts';

const SETTLE_MS = 60_000;
/** Machines kept of a ring whose tables were filled, beside those that are in a group. */
const MACHINES_MAX = 50_000;

export interface MulticastSetup {
  readonly topology: RoutedTopology;
  readonly groups: number;
  readonly seed: number;
  readonly leafSet: number;
  readonly digitBits: DigitBits;
  /** Children that a node takes in one group; voters and orphans have places beside them. */
  readonly fanOutMax: number;
  /** Fill the tables from the true ring instead of joining. */
  readonly direct: boolean;
}

export type MulticastResults = {
  readonly joined: number;
  readonly memberships: number;
  /** Groups that opened and had all their members in time. */
  readonly gathered: boolean;
  readonly rad: PenaltyFigures;
  readonly rmd: PenaltyFigures;
  readonly linkStress: StressFigures;
  /** The same groups over perfect tables, with nobody full. */
  readonly perfect: { readonly rad: PenaltyFigures; readonly rmd: PenaltyFigures; readonly linkStress: StressFigures };
  readonly shortestPath: { readonly linkStress: StressFigures };
  /** From the publisher over the root, against the shortest paths from the publisher. */
  readonly fromPublisher: {
    readonly rad: PenaltyFigures;
    readonly rmd: PenaltyFigures;
    readonly linkStress: StressFigures;
    readonly shortestPath: { readonly linkStress: StressFigures };
  };
  /** Groups in which a node has children. */
  readonly childrenTables: SpreadFigures;
  /** Children of a node in all groups. */
  readonly entries: SpreadFigures;
  readonly lost: number;
  readonly duplicates: number;
  readonly virtualSeconds: number;
  readonly events: number;
  /** RAD and the share of groups that have no higher one: here, and over perfect tables. */
  readonly radDistribution: { readonly here: readonly (readonly [number, number])[]; readonly perfect: readonly (readonly [number, number])[] };
};

export type SpreadFigures = { readonly mean: number; readonly median: number; readonly max: number };

/** Groups of Zipf-like size on a ring; one message to each, judged against perfect tables and against shortest-path trees. */
export function measureMulticast(setup: MulticastSetup, progress: Progress): MulticastResults {
  const { topology, groups: count, seed, leafSet, digitBits, fanOutMax, direct } = setup;
  const nodes = new NodeFactory<GroupApplications>({ leafSet, digitBits, applications: (view, rng) => ({ probe: new Probe(), multicast: new Multicast(view, rng) }) });
  const simulation = new OverlaySimulation<GroupApplications>({ topology, seed, capacity: fanOutMax, makeNode: nodes.make });
  const { world, ring } = simulation;
  if (direct) nodes.standStill(simulation, MACHINES_MAX);
  else {
    growRing(simulation, topology.hosts, progress);
    world.run(world.now + SETTLE_MS);
  }

  const groups = drawGroups({ groups: count, nodes: topology.hosts, rng: simulation.rng.fork() });
  const account = new MulticastAccount(simulation, digitBits, leafSet);
  let [firstReader, done, gathered] = [1, 0, true];
  for (const drawn of inWaves(groups, topology.hosts)) {
    progress.show('groups', done, count);
    const wave = new MulticastWave(simulation, drawn, { firstReader, fanOutMax });
    gathered = wave.gather() && gathered;
    const delivered = wave.publish();
    account.countTables(nodes);
    wave.close();
    for (const message of delivered) account.add(message);
    firstReader += drawn.reduce((total, { members }) => total + members.length, 0);
    done += drawn.length;
  }
  return {
    joined: ring.size,
    memberships: firstReader - 1,
    gathered,
    ...account.figures(),
    virtualSeconds: rounded(world.now / 1_000, 1),
    events: world.events,
  };
}

/** Adds up what became of each group's message. */
class MulticastAccount {
  readonly #simulation: OverlaySimulation<GroupApplications>;
  readonly #topology: RoutedTopology;
  readonly #ring: KnownRing;
  readonly #routes: PerfectRoutes;
  readonly #fromRoot = new DelayPenalties();
  readonly #fromPublisher = new DelayPenalties();
  readonly #perfect = new DelayPenalties();
  readonly #stress: { readonly [of in 'here' | 'perfect' | 'shortest' | 'fromPublisher' | 'shortestFromPublisher']: LinkStress };
  readonly #tables: Int32Array;
  readonly #entries: Int32Array;
  #lost = 0;
  #duplicates = 0;

  constructor(simulation: OverlaySimulation<GroupApplications>, digitBits: DigitBits, leafSet: number) {
    this.#simulation = simulation;
    // The experiment was given a routed topology, and the network keeps the very same.
    this.#topology = simulation.world.network.topology as RoutedTopology;
    const topology = this.#topology;
    this.#ring = new KnownRing(simulation.ids(), digitBits);
    this.#routes = new PerfectRoutes({ ring: this.#ring, topology, leafSet });
    this.#stress = {
      here: new LinkStress(topology),
      perfect: new LinkStress(topology),
      shortest: new LinkStress(topology),
      fromPublisher: new LinkStress(topology),
      shortestFromPublisher: new LinkStress(topology),
    };
    this.#tables = new Int32Array(topology.hosts);
    this.#entries = new Int32Array(topology.hosts);
  }

  /** Every node's children in the groups that are open now. */
  countTables(nodes: NodeFactory<GroupApplications>): void {
    this.#simulation.ids().forEach((id, host) => {
      const multicast = nodes.applications(id)?.multicast;
      for (const group of multicast?.groups() ?? []) {
        const children = multicast?.describe(group)?.children.length ?? 0;
        this.#tables[host] = (this.#tables[host] ?? 0) + Math.min(1, children);
        this.#entries[host] = (this.#entries[host] ?? 0) + children;
      }
    });
  }

  add({ group, root, publishedAt, stampedAt, toldAt, copies, duplicates }: Delivered): void {
    const { publisher } = group;
    const topology = this.#topology;
    this.#duplicates += duplicates;
    this.#lost += group.members.length - toldAt.size;
    const told = group.members.filter((member) => toldAt.has(member));
    this.#fromRoot.add(told, root, { delayMs: (member) => (toldAt.get(member) ?? 0) - stampedAt, directMs: (member) => topology.latencyMs(root, member) });
    this.#fromPublisher.add(told, publisher, { delayMs: (member) => (toldAt.get(member) ?? 0) - publishedAt, directMs: (member) => topology.latencyMs(publisher, member) });
    for (const { parent, child } of copies) {
      this.#stress.here.addWay(parent, child);
      this.#stress.fromPublisher.addWay(parent, child);
    }
    this.#stress.fromPublisher.addWay(publisher, root);
    this.#stress.shortest.addShortestPathTree(root, group.members);
    this.#stress.shortestFromPublisher.addShortestPathTree(publisher, group.members);
    this.#addPerfect(group);
  }

  #addPerfect({ key, members }: DrawnGroup): void {
    const topology = this.#topology;
    const tree = perfectTree({ ring: this.#ring, routes: this.#routes, topology }, { key, members, voters: LOCAL_CONFIG.voters });
    this.#perfect.add(members, tree.root, { delayMs: (member: Host) => tree.delayMs(member), directMs: (member) => topology.latencyMs(tree.root, member) });
    for (const { parent, child } of tree.edges) this.#stress.perfect.addWay(parent, child);
  }

  figures() {
    const stress = this.#stress;
    return {
      ...this.#fromRoot.figures(),
      linkStress: stress.here.figures(),
      perfect: { ...this.#perfect.figures(), linkStress: stress.perfect.figures() },
      shortestPath: { linkStress: stress.shortest.figures() },
      fromPublisher: { ...this.#fromPublisher.figures(), linkStress: stress.fromPublisher.figures(), shortestPath: { linkStress: stress.shortestFromPublisher.figures() } },
      childrenTables: spread(this.#tables),
      entries: spread(this.#entries),
      lost: this.#lost,
      duplicates: this.#duplicates,
      radDistribution: { here: this.#fromRoot.distribution(), perfect: this.#perfect.distribution() },
    };
  }
}

function spread(counts: Int32Array): SpreadFigures {
  const sorted = counts.slice().sort();
  return { mean: rounded(mean([...sorted]), 2), median: percentile(sorted, 0.5), max: sorted.at(-1) ?? 0 };
}
