import type { Millis } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';
import { atRandom, drawn, neighborsOf, type Victims } from './chaos.ts';
import type { FaultMix } from './fault-mix.ts';

const CUT_MS: readonly [Millis, Millis] = [1_000, 40_000];
const SWALLOW_MS: readonly [Millis, Millis] = [5_000, 40_000];
const CLOG_MS: readonly [Millis, Millis] = [1_000, 20_000];
const CLOG_EXTRA_MS: readonly [Millis, Millis] = [200, 8_000];

/** Counts of what was done, by kind of fault. */
export type WayCounts = Record<'cuts' | 'clogs' | 'swallowed', number>;

/**
 * Spoils single ways between two nodes until some time, as often as the mix says: one-way cuts, ways that are slow (one
 * after the other), and pairs whose data links get nothing through while control passes. All are mended in the end.
 */
export class BadWays {
  readonly counts: WayCounts = { cuts: 0, clogs: 0, swallowed: 0 };
  readonly #victims: Victims;
  readonly #mix: FaultMix;
  /** Ways that are bad now; each has one fault at a time, so that mending one does not mend another. */
  readonly #bad = new Set<string>();

  constructor(victims: Victims, mix: FaultMix) {
    this.#victims = victims;
    this.#mix = mix;
  }

  unleash(endsAt: Millis): void {
    const { simulation } = this.#victims;
    const { network } = simulation.world;
    const { rng } = simulation;
    const { cutEveryMs, clogEveryMs, swallowEveryMs } = this.#mix;
    atRandom(simulation, { everyMs: cutEveryMs, endsAt }, () => {
      if (this.#spoil(drawn(rng.next(), CUT_MS), (from, to) => network.cut(from, to))) this.counts.cuts += 1;
    });
    atRandom(simulation, { everyMs: swallowEveryMs, endsAt }, () => {
      const spoil = (from: Host, to: Host): void => network.swallowStreams(from, to);
      if (this.#spoil(drawn(rng.next(), SWALLOW_MS), spoil)) this.counts.swallowed += 1;
    });
    let clogged = 0;
    atRandom(simulation, { everyMs: clogEveryMs, endsAt }, () => {
      if (clogged > 0) return;
      const extraMs = drawn(rng.next(), CLOG_EXTRA_MS);
      const spoil = (from: Host, to: Host): void => network.clog(from, to, extraMs);
      if (!this.#spoil(drawn(rng.next(), CLOG_MS), spoil, () => (clogged -= 1))) return;
      clogged += 1;
      this.counts.clogs += 1;
    });
  }

  #spoil(forMs: Millis, spoil: (from: Host, to: Host) => void, mended?: () => void): boolean {
    const { world } = this.#victims.simulation;
    const [from, to] = this.#pickWay();
    const name = `${from ?? ''} ${to ?? ''}`;
    if (from === undefined || to === undefined || from === to || this.#bad.has(name)) return false;
    this.#bad.add(name);
    spoil(from, to);
    world.at(world.now + forMs, () => {
      this.#bad.delete(name);
      world.mend(from, to);
      mended?.();
    });
    return true;
  }

  /** From or to where it hurts: a group's root or voter and anybody, or two neighbors in the ring; else any two. */
  #pickWay(): readonly [Host | undefined, Host | undefined] {
    const { simulation, tenderSpot } = this.#victims;
    const { rng } = simulation;
    const one = (rng.next() < this.#mix.tenderShare ? tenderSpot() : undefined) ?? simulation.anyReady();
    const neighbor = one !== undefined && rng.next() < this.#mix.tenderShare ? rng.pick(neighborsOf(simulation, one)) : undefined;
    const other = neighbor === undefined ? simulation.anyReady() : simulation.hostOf(neighbor);
    return rng.next() < 0.5 ? [one, other] : [other, one];
  }
}
