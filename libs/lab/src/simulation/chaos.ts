import type { Applications } from '@banyan/overlay';
import type { Millis } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';
import type { OverlaySimulation } from './overlay-simulation.ts';

/** How rough a stretch of time is. */
export interface Roughness {
  readonly forMs: Millis;
  /** Mean time between two crashes, of all nodes together; each wait is drawn from an exponential distribution. */
  readonly crashEveryMs: Millis;
  /** Share of crashes in which the whole machine loses power, so that nobody resets its connections. */
  readonly silentShare: number;
  /** A crashed node starts again after a wait drawn uniformly from here. */
  readonly restartAfterMs: readonly [Millis, Millis];
  /** No crash leaves fewer than this share of all hosts ready. */
  readonly readyShareMin: number;
  /** A node whose death hurts most just now; undefined: none in particular. */
  readonly tenderSpot: () => Host | undefined;
  /** Share of crashes that strike the tender spot. */
  readonly tenderShare: number;
  /** Hosts for which this is false are left alone for now: what is promised only holds while a majority lives. */
  readonly mayCrash: (host: Host) => boolean;
}

const SEEDS = 5;
const RETRY_MS = 500;

/**
 * Crashes and restarts nodes for a while, most of them at random. Restarts that fall after the end still happen, so that in the end
 * every host lives.
 */
export function unleash<A extends Applications>(simulation: OverlaySimulation<A>, roughness: Roughness): void {
  const { world, rng } = simulation;
  const endsAt = world.now + roughness.forMs;
  const crashNext = (): void => {
    const at = world.now - Math.log(1 - rng.next()) * roughness.crashEveryMs;
    if (at > endsAt) return;
    world.at(at, () => {
      crashOne(simulation, roughness);
      crashNext();
    });
  };
  crashNext();
}

/** Starts a host again; while there is nobody to join through it tries again later. */
export function restart<A extends Applications>(simulation: OverlaySimulation<A>, host: Host): void {
  const seeds = simulation.seeds(SEEDS);
  if (seeds.length > 0) simulation.start(host, seeds);
  else simulation.world.at(simulation.world.now + RETRY_MS, () => restart(simulation, host));
}

function crashOne<A extends Applications>(simulation: OverlaySimulation<A>, roughness: Roughness): void {
  const { world, rng, ring } = simulation;
  const [soonestMs, latestMs] = roughness.restartAfterMs;
  if (ring.size - 1 < roughness.readyShareMin * world.network.topology.hosts) return;
  const host = (rng.next() < roughness.tenderShare ? roughness.tenderSpot() : undefined) ?? simulation.anyReady();
  if (host === undefined || world.machine(host) === undefined || !roughness.mayCrash(host)) return;
  simulation.crash(host, { silent: rng.next() < roughness.silentShare });
  world.at(world.now + soonestMs + rng.next() * (latestMs - soonestMs), () => restart(simulation, host));
}
