import { randomId, type DigitBits, type Id } from '@banyan/ids';
import { stripeDescriptor, StripedMulticast, type MulticastCommand, type MulticastEvent, type MulticastFrame } from '@banyan/multicast';
import type { Millis } from '@banyan/sansio';
import type { Host, RoutedTopology } from '@banyan/simulator';
import type { Progress } from '../report/progress.ts';
import { mean, percentile, rounded } from '../statistics.ts';
import { growRing } from './grow.ts';
import { DelayPenalties, type PenaltyFigures } from './delay-penalty.ts';
import { labGroup, type GroupApplications } from './group-setup.ts';
import { LinkStress, type StressFigures } from './link-stress.ts';
import { NodeFactory } from './node-factory.ts';
import { OverlaySimulation } from './overlay-simulation.ts';
import { Probe } from './probe.ts';
import { REACHED_WITHIN_MS, ReachWatch } from './reach-watch.ts';

const SETTLE_MS: Millis = 20_000;
const ARRIVAL_MS: Millis = 10_000;
/** Between two batches into the same stripe. */
const PERIOD_MS: Millis = 1_000;
/** Seconds looked at after the kill. */
export const WATCHED_SECONDS = 60;
const MESSAGE_BYTES = 1_024;
const WINDOW_BYTES = 4 * 1_048_576;

export interface SplitstreamSetup {
  readonly topology: RoutedTopology;
  /** Share of the nodes that falls silent at once. */
  readonly fail: number;
  readonly stripes: number;
  readonly seed: number;
  readonly leafSet: number;
  readonly digitBits: DigitBits;
  /** Children that a node takes, over all stripes. */
  readonly fanOutMax: number;
  /** Fill the tables from the true ring instead of joining. */
  readonly direct: boolean;
}

export type SplitstreamResults = {
  readonly joined: number;
  readonly killed: number;
  readonly survivors: number;
  /** From the kill until what goes into any stripe reaches every survivor within 3 s again; null: not within the time watched. */
  readonly secondsToAllStripes: number | null;
  /** Messages of the group published after the kill that a survivor was not told, of all such pairs. */
  readonly lost: number;
  readonly delivered: number;
  readonly duplicates: number;
  /** Share of the nodes inside a stripe's tree that are inside another one's as well, before the kill. */
  readonly interiorOverlap: number;
  /** Children of a node over all stripes, before the kill. */
  readonly children: { readonly mean: number; readonly max: number };
  /** Of each stripe's tree, from its root, before the kill. */
  readonly rad: PenaltyFigures;
  readonly rmd: PenaltyFigures;
  /** Of one payload by each stripe. */
  readonly linkStress: StressFigures;
  readonly shortestPath: { readonly linkStress: StressFigures };
  /** Survivors times stripes of which nothing came before the kill: not everybody was in everywhere. */
  readonly missingBefore: number;
  /** Seconds after the kill, and the stripes of a survivor that brought what was published then within 3 s: on average, and the worst. */
  readonly received: readonly { readonly second: number; readonly mean: number; readonly min: number }[];
};

/** A striped group of all nodes; a share of them falls silent at once. Source: Castro et al. 2003 (SplitStream), §5. */
export function measureSplitstream(setup: SplitstreamSetup, progress: Progress): SplitstreamResults {
  const { topology, fail, stripes, seed, leafSet, digitBits, fanOutMax, direct } = setup;
  const nodes = new NodeFactory<GroupApplications>({ leafSet, digitBits, applications: (view, rng) => ({ probe: new Probe(), multicast: new StripedMulticast(view, rng) }) });
  const simulation = new OverlaySimulation<GroupApplications>({ topology, seed, capacity: fanOutMax, makeNode: nodes.make });
  const { world, ring, rng } = simulation;
  if (direct) nodes.fillDirectly(simulation);
  else growRing(simulation, topology.hosts, progress);
  const joined = ring.size;

  const hosts = rng.shuffle(Array.from({ length: topology.hosts }, (_, host) => host));
  const victims = hosts.slice(0, Math.round(topology.hosts * fail));
  const survivors = hosts.slice(victims.length);
  const group = new StripedLoad(simulation, { stripes, fanOutMax, progress });
  group.gather(hosts);
  // The publisher is one of those that live on: what it publishes is what is judged.
  const publisher = survivors[0] ?? 0;
  group.publish(publisher);
  world.run(world.now + SETTLE_MS);
  const before = group.judge(hosts);
  world.run(world.now + PERIOD_MS);
  const trees = group.trees(nodes);
  world.run(world.now + 2 * REACHED_WITHIN_MS);
  const missingBefore = before.stripes.reduce((total, watch) => total + watch.missing(hosts.length, world.now - REACHED_WITHIN_MS), 0);

  const killedAt = world.now;
  for (const host of victims) {
    simulation.crash(host, { silent: true });
    nodes.forget(simulation.idOf(host));
  }
  const after = group.judge(survivors);
  for (let second = 1; second <= WATCHED_SECONDS; second++) {
    progress.show('after the kill', second, WATCHED_SECONDS);
    world.run(killedAt + second * 1_000);
  }
  const until = world.now - REACHED_WITHIN_MS;
  const healed = after.stripes.map((watch) => watch.reachesAllFrom(survivors.length, until));
  const isHealed = healed.every((at) => at !== undefined);
  return {
    joined,
    killed: victims.length,
    survivors: survivors.length,
    secondsToAllStripes: isHealed ? rounded((Math.max(...healed) - killedAt) / 1_000, 1) : null,
    lost: after.whole.missing(survivors.length, until),
    delivered: after.whole.shares(survivors.length).reduce((total, { share }) => total + share * survivors.length, 0),
    duplicates: after.whole.duplicates,
    ...trees,
    ...group.measured(before.copies),
    missingBefore,
    received: receivedBy(after.stripes, survivors.length, killedAt),
  };
}

/** What is judged from one moment on: every stripe by itself, and what readers hear of the group. */
interface Judged {
  readonly readers: ReadonlySet<Host>;
  readonly stripes: readonly ReachWatch[];
  readonly whole: ReachWatch;
  /** The first copy that each node got of one payload by each stripe. */
  readonly copies: readonly Copy[];
}

interface Copy {
  readonly stripe: number;
  readonly from: Host;
  readonly to: Host;
  readonly afterMs: Millis;
}

class StripedLoad {
  readonly #simulation: OverlaySimulation<GroupApplications>;
  readonly #descriptor;
  readonly #stripeOf = new Map<Id, number>();
  readonly #progress: Progress;
  #judged: { readonly readers: ReadonlySet<Host>; readonly stripes: readonly ReachWatch[]; readonly whole: ReachWatch; readonly copies: Copy[]; readonly firstOf: Map<number, number> } | undefined;
  /** By counter of the batch: its number in the watch of the group, and in that of its stripe once that is known. */
  readonly #published = new Map<number, { readonly at: Millis; readonly number: number; inStripe: number | undefined }>();
  #counter = 1;
  #publisher: Host = 0;

  constructor(simulation: OverlaySimulation<GroupApplications>, { stripes, fanOutMax, progress }: { readonly stripes: number; readonly fanOutMax: number; readonly progress: Progress }) {
    this.#simulation = simulation;
    this.#progress = progress;
    this.#descriptor = { ...labGroup(randomId(simulation.rng), 'striped', 'ordered'), fanOutMax, stripes };
    for (let index = 0; index < stripes; index++) this.#stripeOf.set(stripeDescriptor(this.#descriptor, index).group, index);
    simulation.observe({
      event: (now, host, app, event) => {
        if (app === 'multicast') this.#onEvent(now, host, event as MulticastEvent);
      },
      step: (now, host, input) => {
        if (input.type === 'frame') this.#onFrame(now, host, simulation.hostOf(input.from.id), input.frame as MulticastFrame);
      },
    });
  }

  gather(members: readonly Host[]): void {
    const { world, rng } = this.#simulation;
    const startedAt = world.now;
    members.forEach((member, i) => {
      const command: MulticastCommand = { type: 'subscribe', subscription: i + 1, group: this.#descriptor.group, start: { type: 'latest' }, windowBytes: WINDOW_BYTES, descriptor: this.#descriptor };
      world.at(startedAt + rng.next() * ARRIVAL_MS, () => this.#command(member, command));
    });
    for (let second = 0; second < (ARRIVAL_MS + SETTLE_MS) / 1_000; second++) {
      this.#progress.show('subscribe', second, (ARRIVAL_MS + SETTLE_MS) / 1_000);
      world.run(startedAt + second * 1_000);
    }
  }

  /** Batches one after the other, so that each stripe gets one every period. */
  publish(host: Host): void {
    const { world } = this.#simulation;
    this.#publisher = host;
    const give = (): void => {
      const counter = this.#counter++;
      if (this.#judged !== undefined) this.#published.set(counter, { at: world.now, number: this.#judged.whole.published(world.now), inStripe: undefined });
      this.#command(host, { type: 'publish', group: this.#descriptor.group, client: 'lab', session: 'striped', counter, count: 1, payload: counter, bytes: MESSAGE_BYTES, descriptor: this.#descriptor });
      world.at(world.now + PERIOD_MS / this.#stripeOf.size, give);
    };
    give();
  }

  /** What is published from now on is judged, at these readers; what was before is not any more. */
  judge(readers: readonly Host[]): Judged {
    this.#published.clear();
    this.#judged = { readers: new Set(readers), stripes: Array.from(this.#stripeOf, () => new ReachWatch()), whole: new ReachWatch(), copies: [], firstOf: new Map() };
    return this.#judged;
  }

  /** Who is inside how many trees now, and with how many children. */
  trees(nodes: NodeFactory<GroupApplications>): Pick<SplitstreamResults, 'interiorOverlap' | 'children'> {
    const insides: number[] = [];
    const children: number[] = [];
    for (const id of this.#simulation.ring.members()) {
      const multicast = nodes.applications(id)?.multicast;
      const counts = [...this.#stripeOf.keys()].map((stripe) => multicast?.describe(stripe)?.children.length ?? 0);
      insides.push(counts.filter((count) => count > 0).length);
      children.push(counts.reduce((total, count) => total + count, 0));
    }
    const inside = insides.filter((count) => count > 0);
    const sorted = children.sort((a, b) => a - b);
    return {
      interiorOverlap: rounded(inside.filter((count) => count > 1).length / Math.max(1, inside.length)),
      children: { mean: rounded(mean(sorted), 2), max: percentile(sorted, 1) },
    };
  }

  /** Delay and link stress of the copies of one payload by each stripe. */
  measured(copies: readonly Copy[]): Pick<SplitstreamResults, 'rad' | 'rmd' | 'linkStress' | 'shortestPath'> {
    const topology = this.#simulation.world.network.topology as RoutedTopology;
    const penalties = new DelayPenalties();
    const [here, shortest] = [new LinkStress(topology), new LinkStress(topology)];
    for (const stripe of this.#stripeOf.values()) {
      const own = copies.filter((copy) => copy.stripe === stripe);
      const receivers = new Set(own.map(({ to }) => to));
      const root = own.find(({ from }) => !receivers.has(from))?.from;
      if (root === undefined) continue;
      const delays = new Map(own.map(({ to, afterMs }) => [to, afterMs]));
      const members = [...receivers];
      penalties.add(members, root, { delayMs: (member) => delays.get(member) ?? 0, directMs: (member) => topology.latencyMs(root, member) });
      for (const { from, to } of own) here.addWay(from, to);
      shortest.addShortestPathTree(root, members);
    }
    return { ...penalties.figures(), linkStress: here.figures(), shortestPath: { linkStress: shortest.figures() } };
  }

  #onEvent(now: Millis, host: Host, event: MulticastEvent): void {
    if (event.type !== 'messages' || event.frame.group !== this.#descriptor.group) return;
    this.#command(host, { type: 'consumed', subscription: event.subscription, bytes: event.frame.bytes });
    for (const { counter } of event.frame.blocks) {
      const published = this.#published.get(counter);
      if (published !== undefined && this.#judged?.readers.has(host) === true) this.#judged.whole.told(now, host, published.number);
    }
  }

  #onFrame(now: Millis, host: Host, from: Host, frame: MulticastFrame): void {
    const stripe = this.#stripeOf.get(frame.group);
    if (stripe === undefined || this.#judged === undefined) return;
    // The root of a stripe has a payload when the publisher's node has brought it.
    const [block] = frame.type === 'batch' ? [frame.block] : frame.type === 'stamped' ? frame.blocks : [];
    const published = block?.partOf === undefined ? undefined : this.#published.get(block.partOf.counter);
    const watch = this.#judged.stripes[stripe];
    if (block?.partOf === undefined || published === undefined || watch === undefined) return;
    if (published.inStripe === undefined) {
      published.inStripe = watch.published(published.at);
      // Who publishes has it: where it is the root of the stripe itself no frame ever tells.
      watch.told(published.at, this.#publisher, published.inStripe);
    }
    if (host !== this.#publisher && this.#judged.readers.has(host)) watch.told(now, host, published.inStripe);
    if (frame.type === 'stamped') this.#measure({ stripe, from, to: host, afterMs: now - frame.stampMs }, block.partOf.counter);
  }

  /** Of the first payload of each stripe every copy is kept. */
  #measure(copy: Copy, counter: number): void {
    const judged = this.#judged;
    if (judged === undefined) return;
    if (!judged.firstOf.has(copy.stripe)) judged.firstOf.set(copy.stripe, counter);
    if (judged.firstOf.get(copy.stripe) === counter) judged.copies.push(copy);
  }

  #command(host: Host, command: MulticastCommand): void {
    this.#simulation.command(host, 'multicast', command);
  }
}

function receivedBy(stripes: readonly ReachWatch[], survivors: number, killedAt: Millis): SplitstreamResults['received'] {
  return Array.from({ length: WATCHED_SECONDS - REACHED_WITHIN_MS / 1_000 }, (_, second) => {
    const from = killedAt + second * 1_000;
    const shares = stripes.map((watch) => {
      const own = watch.shares(survivors).filter(({ at }) => at >= from && at < from + 1_000);
      return own.length === 0 ? 0 : Math.min(...own.map(({ share }) => share));
    });
    return { second, mean: rounded(shares.reduce((total, share) => total + share, 0), 3), min: rounded(Math.min(...shares), 3) };
  });
}
