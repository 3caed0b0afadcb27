import { randomId, type DigitBits } from '@banyan/ids';
import { Multicast, type MulticastCommand, type MulticastEvent } from '@banyan/multicast';
import type { Millis } from '@banyan/sansio';
import type { Host, Topology } from '@banyan/simulator';
import type { Progress } from '../report/progress.ts';
import { rounded } from '../statistics.ts';
import { growRing } from './grow.ts';
import { labGroup, type GroupApplications } from './group-setup.ts';
import { NodeFactory } from './node-factory.ts';
import { OverlaySimulation } from './overlay-simulation.ts';
import { Probe } from './probe.ts';
import { REACHED_WITHIN_MS, ReachWatch } from './reach-watch.ts';
import { isWholeRing } from './whole-ring.ts';

const SETTLE_MS: Millis = 30_000;
/** Members come within this time. */
const ARRIVAL_MS: Millis = 10_000;
const BEFORE_MS: Millis = 10_000;
const PERIOD_MS: Millis = 500;
/** Seconds looked at after the kill. */
export const WATCHED_SECONDS = 180;
const MESSAGE_BYTES = 200;
const WINDOW_BYTES = 4 * 1_048_576;

export interface TreeHealSetup {
  readonly topology: Topology;
  /** Share of the nodes that falls silent at once. */
  readonly fail: number;
  readonly seed: number;
  readonly leafSet: number;
  readonly digitBits: DigitBits;
  /** Children that a node takes. */
  readonly fanOutMax: number;
  /** Fill the tables from the true ring instead of joining. */
  readonly direct: boolean;
}

export type TreeHealResults = {
  readonly joined: number;
  readonly killed: number;
  readonly survivors: number;
  /** From the kill to the first message from which on all reached every survivor within 3 s; null: not within the time watched. */
  readonly secondsToAllReached: number | null;
  /** From the kill until the last survivor was told something published after it. */
  readonly secondsToLastFirst: number | null;
  /** From the kill to the second from which on every survivor was ready between its true ring neighbors. */
  readonly secondsToWholeRing: number | null;
  /** What the tree took longer than the ring. */
  readonly treeSecondsAfterRing: number | null;
  /** Pairs of a message published after the kill and a survivor that never met. */
  readonly lost: number;
  readonly duplicates: number;
  /** Gaps that survivors were told after the kill. */
  readonly gaps: number;
  /** Seconds after the kill, and the share of survivors that what was published then reached within 3 s. */
  readonly reached: readonly (readonly [number, number])[];
  /** Nodes below the root before the kill, by their number of edges to it: how deep the tree was. */
  readonly meanDepth: number;
};

/** One ordered group of all nodes; a share of them falls silent at once, the root perhaps among them. */
export function measureTreeHeal({ topology, fail, seed, leafSet, digitBits, fanOutMax, direct }: TreeHealSetup, progress: Progress): TreeHealResults {
  const nodes = new NodeFactory<GroupApplications>({ leafSet, digitBits, applications: (view, rng) => ({ probe: new Probe(), multicast: new Multicast(view, rng) }) });
  const simulation = new OverlaySimulation<GroupApplications>({ topology, seed, capacity: fanOutMax, makeNode: nodes.make });
  const { world, ring, rng } = simulation;
  if (direct) nodes.fillDirectly(simulation);
  else growRing(simulation, topology.hosts, progress);
  const joined = ring.size;
  world.run(world.now + SETTLE_MS);

  const hosts = rng.shuffle(Array.from({ length: topology.hosts }, (_, host) => host));
  const victims = hosts.slice(0, Math.round(topology.hosts * fail));
  const survivors = hosts.slice(victims.length);
  const group = new HealingGroup(simulation, fanOutMax);
  group.gather(hosts, ARRIVAL_MS);
  // The publisher is one of those that live on: what it publishes is what is judged.
  group.publish(survivors[0] ?? 0, PERIOD_MS);
  world.run(world.now + BEFORE_MS);
  const meanDepth = depthOf(simulation, nodes, group);

  const killedAt = world.now;
  for (const host of victims) {
    simulation.crash(host, { silent: true });
    nodes.forget(simulation.idOf(host));
  }
  const watch = group.judgeFromNow(new Set(survivors));
  const whole: boolean[] = [];
  for (let second = 1; second <= WATCHED_SECONDS; second++) {
    progress.show('after the kill', second, WATCHED_SECONDS);
    world.run(killedAt + second * 1_000);
    whole.push(isWholeRing(simulation, nodes, survivors.length));
  }
  const before = world.now - REACHED_WITHIN_MS;
  const secondsSince = (at: Millis | undefined): number | null => (at === undefined ? null : rounded((at - killedAt) / 1_000, 1));
  const lastBroken = whole.lastIndexOf(false);
  const secondsToWholeRing = lastBroken === whole.length - 1 ? null : lastBroken + 2;
  const secondsToAllReached = secondsSince(watch.reachesAllFrom(survivors.length, before));
  return {
    joined,
    killed: victims.length,
    survivors: survivors.length,
    secondsToAllReached,
    secondsToLastFirst: secondsSince(watch.lastFirstAt(survivors.length)),
    secondsToWholeRing,
    treeSecondsAfterRing: secondsToAllReached === null || secondsToWholeRing === null ? null : rounded(Math.max(0, secondsToAllReached - secondsToWholeRing), 1),
    lost: watch.missing(survivors.length, before),
    duplicates: watch.duplicates,
    gaps: group.gaps,
    reached: watch.shares(survivors.length).map(({ at, share }) => [rounded((at - killedAt) / 1_000, 1), rounded(share)] as const),
    meanDepth,
  };
}

/** The group, its readers and its one publisher. */
class HealingGroup {
  readonly key;
  readonly #simulation: OverlaySimulation<GroupApplications>;
  readonly #descriptor;
  #watch = new ReachWatch();
  #judged: ReadonlySet<Host> = new Set();
  /** Number of the message by the counter under which it was published; only of those that are judged. */
  readonly #numbers = new Map<number, number>();
  #counter = 1;
  #gaps = 0;

  constructor(simulation: OverlaySimulation<GroupApplications>, fanOutMax: number) {
    this.#simulation = simulation;
    this.key = randomId(simulation.rng);
    this.#descriptor = { ...labGroup(this.key, 'healing', 'ordered'), fanOutMax };
    simulation.observe({
      event: (now, host, app, event) => {
        if (app === 'multicast') this.#onEvent(now, host, event as MulticastEvent);
      },
    });
  }

  get gaps(): number {
    return this.#gaps;
  }

  gather(members: readonly Host[], withinMs: Millis): void {
    const { world, rng } = this.#simulation;
    const startedAt = world.now;
    members.forEach((member, i) => {
      const command: MulticastCommand = { type: 'subscribe', subscription: i + 1, group: this.key, start: { type: 'latest' }, windowBytes: WINDOW_BYTES, descriptor: this.#descriptor };
      world.at(startedAt + rng.next() * withinMs, () => this.#command(member, command));
    });
    world.run(startedAt + withinMs + SETTLE_MS);
  }

  publish(host: Host, periodMs: Millis): void {
    const { world } = this.#simulation;
    const give = (): void => {
      const counter = this.#counter++;
      if (this.#judged.size > 0) this.#numbers.set(counter, this.#watch.published(world.now));
      this.#command(host, { type: 'publish', group: this.key, client: 'lab', session: 'healing', counter, count: 1, payload: counter, bytes: MESSAGE_BYTES, descriptor: this.#descriptor });
      world.at(world.now + periodMs, give);
    };
    give();
  }

  /** What is published from now on is judged, at these readers. */
  judgeFromNow(readers: ReadonlySet<Host>): ReachWatch {
    this.#judged = readers;
    this.#gaps = 0;
    return this.#watch;
  }

  #onEvent(now: Millis, host: Host, event: MulticastEvent): void {
    if (event.type === 'gap') this.#gaps += 1;
    if (event.type !== 'messages') return;
    this.#command(host, { type: 'consumed', subscription: event.subscription, bytes: event.frame.bytes });
    for (const { counter } of event.frame.blocks) {
      const number = this.#numbers.get(counter);
      if (number !== undefined && this.#judged.has(host)) this.#watch.told(now, host, number);
    }
  }

  #command(host: Host, command: MulticastCommand): void {
    this.#simulation.command(host, 'multicast', command);
  }
}

function depthOf(simulation: OverlaySimulation<GroupApplications>, nodes: NodeFactory<GroupApplications>, { key }: HealingGroup): number {
  const depths = simulation.ids().map((id) => {
    let depth = 0;
    for (let at = id, parent = nodes.applications(at)?.multicast.parentOf(key); parent !== undefined && depth < simulation.size; parent = nodes.applications(at)?.multicast.parentOf(key)) {
      at = parent.id;
      depth += 1;
    }
    return depth;
  });
  return rounded(depths.reduce((total, depth) => total + depth, 0) / depths.length, 2);
}
