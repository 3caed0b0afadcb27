import { randomId, type DigitBits } from '@banyan/ids';
import { StripedMulticast, type MulticastCommand, type MulticastConfig, type MulticastEvent, type MulticastFrame } from '@banyan/multicast';
import type { Millis } from '@banyan/sansio';
import type { Host, Topology } from '@banyan/simulator';
import type { Progress } from '../report/progress.ts';
import { percentile, rounded } from '../statistics.ts';
import { growRing } from './grow.ts';
import { labGroup, type GroupApplications } from './group-setup.ts';
import { NodeFactory } from './node-factory.ts';
import { OverlaySimulation } from './overlay-simulation.ts';
import { Probe } from './probe.ts';

const ARRIVAL_MS: Millis = 10_000;
const SETTLE_MS: Millis = 20_000;
const GIVE_MS: Millis = 1;
/** The host that has the object; it takes one child at most, for its line is taken by what it gives. */
const ORIGIN: Host = 0;
const LOOK_MS: Millis = 1_000;
/** So many times the least time is waited for, and a minute in any case. */
const PATIENCE = 4;
const PATIENCE_MS_MIN: Millis = 60_000;
/** What a reader keeps of stripes that are ahead of others. */
const WINDOW_BYTES = 256 * 1_048_576;
export const CHUNK_BYTES = 1_048_576;
/**
 * What the origin has given and has no receipt for must fill its line for as long as a receipt takes: two round trips. And a
 * chunk is one frame here, so nothing is seen of it until all of it has come: what is slow must not be taken for stalled.
 */
const CONFIG: Partial<MulticastConfig> = { publishWindowBytes: 32 * CHUNK_BYTES, intakeBytes: 16 * CHUNK_BYTES, flowStallMs: 20_000 };

export interface FlashCrowdSetup {
  readonly topology: Topology;
  /** The object's length, in chunks of 1 MiB. */
  readonly chunks: number;
  readonly stripes: number;
  /** Of every node's line, each way. */
  readonly bytesPerMs: number;
  readonly seed: number;
  readonly leafSet: number;
  readonly digitBits: DigitBits;
  /** Children that a node takes, over all stripes. */
  readonly fanOutMax: number;
  /** Fill the tables from the true ring instead of joining. */
  readonly direct: boolean;
}

export type FlashCrowdResults = {
  readonly joined: number;
  readonly receivers: number;
  /** Least seconds that anything could take with these lines. */
  readonly minimumSeconds: number;
  /** Seconds from the first chunk given until a receiver had all, by the least: over receivers that have all. */
  readonly ratioToMinimum: { readonly p50: number; readonly p99: number; readonly max: number } | null;
  /** What the origin sent, by the object's length. */
  readonly originBytesRatio: number;
  /** Receivers that had not all of it in the end. */
  readonly incomplete: number;
  readonly duplicates: number;
  readonly gaps: number;
  /** Children of a node over all stripes when the transfer began. */
  readonly children: { readonly mean: number; readonly max: number };
  /** Pairs of a ratio and the share of receivers that had all by then. */
  readonly finished: readonly (readonly [number, number])[];
};

/**
 * One object from one node to all others, by stripes, every line as fast as every other. The least time is that of a fluid that
 * every node passes on as it comes. Source: Kumar & Ross 2006 (minimum distribution time).
 */
export function measureFlashCrowd(setup: FlashCrowdSetup, progress: Progress): FlashCrowdResults {
  const { topology, chunks, stripes, bytesPerMs, seed, leafSet, digitBits, fanOutMax, direct } = setup;
  const nodes = new NodeFactory<GroupApplications>({ leafSet, digitBits, applications: (view, rng) => ({ probe: new Probe(), multicast: new StripedMulticast(view, rng, CONFIG) }) });
  const access = { rates: { upBytesPerMs: bytesPerMs, downBytesPerMs: bytesPerMs }, bytesOf: (frame: unknown) => bytesOf(frame as MulticastFrame) };
  const simulation = new OverlaySimulation<GroupApplications>({ topology, seed, capacity: (host) => (host === ORIGIN ? 1 : fanOutMax), access, makeNode: nodes.make });
  const { world, ring } = simulation;
  if (direct) nodes.fillDirectly(simulation);
  else growRing(simulation, topology.hosts, progress);
  const joined = ring.size;
  const crowd = new Crowd(simulation, { origin: ORIGIN, chunks, stripes, fanOutMax });
  crowd.gather();
  const children = simulation.ids().map((id) => nodes.applications(id)?.multicast.stats().children ?? 0);

  const minimumMs = minimumOf({ bytes: chunks * CHUNK_BYTES, receivers: topology.hosts - 1, bytesPerMs });
  const startedAt = world.now;
  crowd.give();
  while (crowd.finishedAt.size < topology.hosts - 1 && world.now < startedAt + Math.max(PATIENCE_MS_MIN, PATIENCE * minimumMs)) {
    progress.show('chunks', crowd.delivered, chunks * (topology.hosts - 1));
    world.run(world.now + LOOK_MS);
  }
  const ratios = Float64Array.from(crowd.finishedAt.values(), (at) => (at - startedAt) / minimumMs).sort();
  const at = (share: number): number => rounded(percentile(ratios, share), 3);
  return {
    joined,
    receivers: topology.hosts - 1,
    minimumSeconds: rounded(minimumMs / 1_000, 1),
    ratioToMinimum: ratios.length === 0 ? null : { p50: at(0.5), p99: at(0.99), max: at(1) },
    originBytesRatio: rounded(crowd.originBytes / (chunks * CHUNK_BYTES), 3),
    incomplete: topology.hosts - 1 - ratios.length,
    duplicates: crowd.duplicates,
    gaps: crowd.gaps,
    children: { mean: rounded(children.reduce((total, count) => total + count, 0) / children.length, 2), max: Math.max(...children) },
    finished: Array.from(ratios, (ratio, i) => [rounded(ratio, 3), rounded((i + 1) / (topology.hosts - 1))] as const),
  };
}

/** Kumar & Ross: max(F / d, F / u of the seed, N · F / all u), all lines alike. */
function minimumOf({ bytes, receivers, bytesPerMs }: { readonly bytes: number; readonly receivers: number; readonly bytesPerMs: number }): Millis {
  return Math.max(bytes / bytesPerMs, (receivers * bytes) / ((receivers + 1) * bytesPerMs));
}

/** What a frame takes of a line. Places take nothing: on a connection of their own 32 bytes do not wait behind the chunks of others. */
function bytesOf(frame: MulticastFrame): number {
  const blocks = frame.type === 'stamped' ? frame.blocks : frame.type === 'batch' ? [frame.block] : [];
  return blocks.reduce((total, { place, bytes }) => total + (place === undefined ? bytes : 0), 0);
}

/** The origin and its receivers. */
class Crowd {
  /** When each receiver had every chunk. */
  readonly finishedAt = new Map<Host, Millis>();
  readonly #simulation: OverlaySimulation<GroupApplications>;
  readonly #origin: Host;
  readonly #chunks: number;
  readonly #descriptor;
  readonly #next: Int32Array;
  #counter = 1;
  #isBlocked = false;
  #delivered = 0;
  #duplicates = 0;
  #gaps = 0;
  #originBytes = 0;

  constructor(simulation: OverlaySimulation<GroupApplications>, { origin, chunks, stripes, fanOutMax }: { readonly origin: Host; readonly chunks: number; readonly stripes: number; readonly fanOutMax: number }) {
    this.#simulation = simulation;
    this.#origin = origin;
    this.#chunks = chunks;
    this.#descriptor = { ...labGroup(randomId(simulation.rng), 'crowd', 'ordered'), fanOutMax, stripes, retentionBytes: 64 * CHUNK_BYTES };
    this.#next = new Int32Array(simulation.size).fill(1);
    simulation.observe({
      event: (now, host, app, event) => {
        if (app === 'multicast') this.#onEvent(now, host, event as MulticastEvent);
      },
      step: (_now, host, _input, effects) => {
        if (host !== origin) return;
        for (const effect of effects) if (effect.type === 'fanOut') this.#originBytes += effect.links.length * bytesOf(effect.frame as MulticastFrame);
      },
    });
  }

  get delivered(): number {
    return this.#delivered;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  get gaps(): number {
    return this.#gaps;
  }

  get originBytes(): number {
    return this.#originBytes;
  }

  /** Everybody but the origin subscribes. */
  gather(): void {
    const { world, rng } = this.#simulation;
    const startedAt = world.now;
    for (let host = 0; host < this.#simulation.size; host++) {
      if (host === this.#origin) continue;
      const command: MulticastCommand = { type: 'subscribe', subscription: host, group: this.#descriptor.group, start: { type: 'latest' }, windowBytes: WINDOW_BYTES, descriptor: this.#descriptor };
      world.at(startedAt + rng.next() * ARRIVAL_MS, () => this.#command(host, command));
    }
    world.run(startedAt + ARRIVAL_MS + SETTLE_MS);
  }

  /** Gives chunk after chunk, as the window of the origin's node takes them. */
  give(): void {
    const { world } = this.#simulation;
    if (this.#counter > this.#chunks) return;
    if (!this.#isBlocked) {
      const counter = this.#counter++;
      this.#command(this.#origin, { type: 'publish', group: this.#descriptor.group, client: 'lab', session: 'crowd', counter, count: 1, payload: counter, bytes: CHUNK_BYTES, descriptor: this.#descriptor });
    }
    world.at(world.now + GIVE_MS, () => this.give());
  }

  #onEvent(now: Millis, host: Host, event: MulticastEvent): void {
    switch (event.type) {
      case 'messages':
        this.#command(host, { type: 'consumed', subscription: event.subscription, bytes: event.frame.bytes });
        for (const { counter } of event.frame.blocks) this.#take(now, host, counter);
        return;
      case 'gap':
        this.#gaps += 1;
        return;
      case 'publishBlocked':
        this.#isBlocked = true;
        this.#counter = Math.min(this.#counter, event.counter);
        return;
      case 'publishReady':
        this.#isBlocked = false;
        return;
      default:
        return;
    }
  }

  /** Chunks come in order: each is the one after the last, or one that came before. */
  #take(now: Millis, host: Host, counter: number): void {
    const next = this.#next[host] ?? 1;
    if (counter < next) this.#duplicates += 1;
    if (counter !== next) return;
    this.#next[host] = next + 1;
    this.#delivered += 1;
    if (next === this.#chunks) this.finishedAt.set(host, now);
  }

  #command(host: Host, command: MulticastCommand): void {
    this.#simulation.command(host, 'multicast', command);
  }
}
