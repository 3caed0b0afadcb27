import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import type { Host, SharedPlaces } from '@banyan/simulator';
import type { FaultMix } from './fault-mix.ts';
import type { GroupApplications } from './group-setup.ts';
import type { NodeFactory } from './node-factory.ts';
import type { OverlaySimulation } from './overlay-simulation.ts';

/** What faults strike, and what they must spare. */
export interface Victims {
  readonly simulation: OverlaySimulation<GroupApplications>;
  readonly factory: NodeFactory<GroupApplications>;
  readonly places: SharedPlaces;
  /** Nodes that are to live in the end. */
  readonly nodes: number;
  /** A node whose loss hurts most just now; undefined: none in particular. */
  readonly tenderSpot: () => Host | undefined;
  /** Hosts for which this is false are not ended for now: what is promised only holds while a majority lives. */
  readonly mayEnd: (host: Host) => boolean;
  /** A new node took the place of one that is gone for good. */
  readonly replaced: (gone: Host, by: Host) => void;
}

const SEEDS = 5;
const RETRY_MS: Millis = 500;
/** No crash leaves fewer than this share of all nodes ready. */
const READY_SHARE_MIN = 0.7;
const RESTART_MS: readonly [Millis, Millis] = [500, 60_000];
const PAUSE_MS: readonly [Millis, Millis] = [5_000, 60_000];
/** A node that leaves is waited for so long, first for its groups, then for the messages in its care. */
const LEAVE_MS: Millis = 10_000;

/** Counts of what was done, by kind of fault. */
export type FaultCounts = Record<'crashes' | 'leaves' | 'newcomers' | 'pauses', number>;

/**
 * Ends, restarts, replaces and pauses nodes until `endsAt`, as often as the mix says. What was begun goes on beyond that,
 * so that in the end every node lives and runs.
 */
export class Chaos {
  readonly counts: FaultCounts = { crashes: 0, leaves: 0, newcomers: 0, pauses: 0 };
  readonly #victims: Victims;
  readonly #mix: FaultMix;
  /** The next host that has had no life. */
  #nextSpare: Host;
  /** Lives that say goodbye to the ring. */
  readonly #going = new Set<NodeHandle>();

  constructor(victims: Victims, mix: FaultMix) {
    this.#victims = victims;
    this.#mix = mix;
    this.#nextSpare = victims.nodes;
    victims.simulation.observe({
      event: (_now, host, app, event) => {
        if (app === 'multicast' && (event as { readonly type: string }).type === 'left') this.#handedOver(host);
      },
    });
  }

  unleash(endsAt: Millis): void {
    const { simulation } = this.#victims;
    const { crashEveryMs, leaveEveryMs, pauseEveryMs } = this.#mix;
    atRandom(simulation, { everyMs: crashEveryMs, endsAt }, () => this.#crashOne());
    atRandom(simulation, { everyMs: leaveEveryMs, endsAt }, () => this.#bidFarewell());
    atRandom(simulation, { everyMs: pauseEveryMs, endsAt }, () => this.#pauseOne());
  }

  #crashOne(): void {
    const { simulation, mayEnd } = this.#victims;
    const host = this.#victim();
    if (host === undefined || !this.#canSpareOne() || !mayEnd(host)) return;
    simulation.crash(host, { silent: simulation.rng.next() < this.#mix.silentShare });
    this.counts.crashes += 1;
    this.#succeed(host);
  }

  #bidFarewell(): void {
    const { simulation } = this.#victims;
    const host = this.#victim();
    if (host === undefined || !this.#canSpareOne() || simulation.world.isPaused(host)) return;
    this.counts.leaves += 1;
    simulation.leaving(host);
    simulation.command(host, 'multicast', { type: 'leave' });
    const { world } = simulation;
    const life = simulation.handle(host);
    world.at(world.now + LEAVE_MS, () => {
      if (simulation.handle(host) === life) this.#handedOver(host);
    });
  }

  // Its groups need it no more: it leaves the ring, hands on what it holds, and ends.
  #handedOver(host: Host): void {
    const { factory, mayEnd, simulation } = this.#victims;
    const { world } = simulation;
    const life = simulation.handle(host);
    if (life === undefined || this.#going.has(life)) return;
    this.#going.add(life);
    const routing = factory.routing(life.id);
    world.input(host, { type: 'leave' });
    const giveUpAt = world.now + LEAVE_MS;
    const end = (): void => {
      if (simulation.handle(host) !== life) return;
      const load = routing?.load();
      const isEmpty = load !== undefined && load.unacked + load.parked === 0;
      if (!mayEnd(host) || (!isEmpty && world.now < giveUpAt)) return void world.at(world.now + RETRY_MS, end);
      if (isEmpty) simulation.end(host);
      else simulation.crash(host);
      this.#succeed(host);
    };
    world.at(world.now + RETRY_MS, end);
  }

  #pauseOne(): void {
    const { factory, simulation } = this.#victims;
    const { rng, world } = simulation;
    const host = this.#victim();
    const life = host === undefined ? undefined : simulation.handle(host);
    if (host === undefined || life === undefined || world.isPaused(host)) return;
    this.counts.pauses += 1;
    const leasedForMs = (factory.routing(life.id)?.leasedUntil() ?? world.timeAt(host)) - world.timeAt(host);
    simulation.pause(host, leasedForMs);
    world.at(world.now + drawn(rng.next(), PAUSE_MS), () => {
      if (simulation.handle(host) === life) simulation.resume(host);
    });
  }

  /** After a while the same node starts again, or another on its address. */
  #succeed(host: Host): void {
    const { places, replaced, simulation } = this.#victims;
    const { rng, world } = simulation;
    world.at(world.now + drawn(rng.next(), RESTART_MS), () => {
      const isReplaced = rng.next() < this.#mix.newcomerShare && this.#nextSpare < places.hosts;
      if (!isReplaced) return this.#start(host);
      const spare = this.#nextSpare++;
      places.move(spare, host);
      this.counts.newcomers += 1;
      replaced(host, spare);
      this.#start(spare);
    });
  }

  // While there is nobody to join through it tries again later.
  #start(host: Host): void {
    const { simulation } = this.#victims;
    const seeds = simulation.seeds(SEEDS);
    if (seeds.length > 0) simulation.start(host, seeds);
    else simulation.world.at(simulation.world.now + RETRY_MS, () => this.#start(host));
  }

  #victim(): Host | undefined {
    const { simulation, tenderSpot } = this.#victims;
    const host = (simulation.rng.next() < this.#mix.tenderShare ? tenderSpot() : undefined) ?? simulation.anyReady();
    return host === undefined || simulation.handle(host) === undefined || simulation.isLeaving(host) ? undefined : host;
  }

  #canSpareOne(): boolean {
    return this.#victims.simulation.ring.size - 1 >= READY_SHARE_MIN * this.#victims.nodes;
  }
}

/** Does something again and again until `endsAt`; each wait is drawn from an exponential distribution. Never without a period. */
export function atRandom(simulation: OverlaySimulation<GroupApplications>, { everyMs, endsAt }: { readonly everyMs: Millis | undefined; readonly endsAt: Millis }, act: () => void): void {
  if (everyMs === undefined) return;
  const { rng, world } = simulation;
  const next = (): void => {
    const at = world.now - Math.log(1 - rng.next()) * everyMs;
    if (at > endsAt) return;
    world.at(at, () => {
      act();
      next();
    });
  };
  next();
}

/** The point of a range at this share of it. */
export function drawn(share: number, [least, most]: readonly [Millis, Millis]): Millis {
  return least + share * (most - least);
}

/** The ids of a host's present ring neighbors. */
export function neighborsOf(simulation: OverlaySimulation<GroupApplications>, host: Host): readonly Id[] {
  const { up, down } = simulation.ring.neighbors(simulation.idOf(host), 1);
  return [...up, ...down];
}
