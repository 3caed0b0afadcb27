import type { Millis, Rng } from '@banyan/sansio';
import type { Host, Topology } from './topology.ts';

/** What `Network.datagramMs` says of a datagram that never arrives. */
export const LOST = -1;

const RETRANSMIT_MS_MIN = 200;
const LOOPBACK_MS = 0.01;

/** The weather: chances in [0, 1], constant until changed. */
export interface Weather {
  /** A datagram is lost; on a data link the same chance shows as the delay of a retransmission. */
  readonly lossRate: number;
  /** A datagram arrives a second time. */
  readonly duplicateRate: number;
  /** Each delay is stretched by up to this fraction. */
  readonly jitter: number;
  /** A datagram is held back by up to `reorderMsMax`, so later ones overtake it. */
  readonly reorderRate: number;
  readonly reorderMsMax: Millis;
}

/** No loss, no duplicates, every delay as the topology says. */
export const CALM: Weather = { lossRate: 0, duplicateRate: 0, jitter: 0, reorderRate: 0, reorderMsMax: 0 };

/**
 * Decides the fate of what is sent: the topology's delay, the weather's chances, cuts and clogs.
 * Keeps no message itself. Cuts are directed; a partition cuts every pair of hosts on different sides.
 */
export class Network {
  readonly topology: Topology;
  readonly #rng: Rng;
  #weather: Weather;
  readonly #side: Int32Array;
  readonly #cuts = new Set<number>();
  /** Ways on which streams get nothing through while datagrams do. */
  readonly #blackHoles = new Set<number>();
  /** Ways that are slow, by how much. */
  readonly #clogs = new Map<number, Millis>();
  #partitioned = false;

  constructor({ topology, rng, weather = CALM }: { readonly topology: Topology; readonly rng: Rng; readonly weather?: Weather }) {
    this.topology = topology;
    this.#rng = rng;
    this.#weather = weather;
    this.#side = new Int32Array(topology.hosts);
  }

  get weather(): Weather {
    return this.#weather;
  }

  set weather(weather: Weather) {
    this.#weather = weather;
  }

  /** One-way delay in ms of a datagram that leaves now, or `LOST`. */
  datagramMs(from: Host, to: Host): Millis {
    if (this.isCut(from, to)) return LOST;
    const { lossRate, reorderRate, reorderMsMax } = this.#weather;
    if (lossRate > 0 && this.#rng.next() < lossRate) return LOST;
    const delayMs = this.#stretchedMs(from, to);
    return reorderRate > 0 && this.#rng.next() < reorderRate ? delayMs + this.#rng.next() * reorderMsMax : delayMs;
  }

  /** True when the datagram just sent arrives once more. */
  repeats(): boolean {
    return this.#weather.duplicateRate > 0 && this.#rng.next() < this.#weather.duplicateRate;
  }

  /** One-way delay in ms of one write on a data link: loss shows as retransmissions. Cuts are the link's own matter. */
  streamMs(from: Host, to: Host): Millis {
    let delayMs = this.#stretchedMs(from, to);
    const { lossRate } = this.#weather;
    while (lossRate > 0 && this.#rng.next() < lossRate) delayMs += Math.max(RETRANSMIT_MS_MIN, 2 * this.topology.latencyMs(from, to));
    return delayMs;
  }

  /** A share of `spanMs`, for what chance decides on a link. */
  shareOf(spanMs: Millis): Millis {
    return this.#rng.next() * spanMs;
  }

  /** True when nothing sent by `from` reaches `to` at present. */
  isCut(from: Host, to: Host): boolean {
    if (this.#partitioned && this.#side[from] !== this.#side[to]) return true;
    return this.#cuts.size > 0 && this.#cuts.has(this.#pair(from, to));
  }

  /** True when no stream gets anything through from `from` to `to`, whether or not datagrams do. */
  isCutForStreams(from: Host, to: Host): boolean {
    return this.isCut(from, to) || (this.#blackHoles.size > 0 && this.#blackHoles.has(this.#pair(from, to)));
  }

  /** Cuts one direction only; the other keeps working. */
  cut(from: Host, to: Host): void {
    this.#cuts.add(this.#pair(from, to));
  }

  /** Swallows what streams carry in one direction; datagrams pass. */
  swallowStreams(from: Host, to: Host): void {
    this.#blackHoles.add(this.#pair(from, to));
  }

  /** Delays everything that is sent in one direction from now on by so much more; what is sent after it was mended overtakes it. */
  clog(from: Host, to: Host, extraMs: Millis): void {
    this.#clogs.set(this.#pair(from, to), extraMs);
  }

  /** Undoes what was done to one direction. Use `World.mend`, which also lets held frames go. */
  mend(from: Host, to: Host): void {
    const pair = this.#pair(from, to);
    this.#cuts.delete(pair);
    this.#blackHoles.delete(pair);
    this.#clogs.delete(pair);
  }

  /** Splits the world: each list is a side, hosts in no list stay together on a side of their own. */
  partition(...sides: readonly (readonly Host[])[]): void {
    this.#side.fill(0);
    sides.forEach((side, index) => {
      for (const host of side) this.#side[host] = index + 1;
    });
    this.#partitioned = true;
  }

  /** Undoes every cut, clog and partition. Use `World.heal`, which also lets held frames go. */
  heal(): void {
    this.#cuts.clear();
    this.#blackHoles.clear();
    this.#clogs.clear();
    this.#side.fill(0);
    this.#partitioned = false;
  }

  #stretchedMs(from: Host, to: Host): Millis {
    const clogMs = this.#clogs.size === 0 ? 0 : (this.#clogs.get(this.#pair(from, to)) ?? 0);
    const latencyMs = clogMs + (from === to ? LOOPBACK_MS : this.topology.latencyMs(from, to));
    return this.#weather.jitter > 0 ? latencyMs * (1 + this.#rng.next() * this.#weather.jitter) : latencyMs;
  }

  #pair(from: Host, to: Host): number {
    return from * this.topology.hosts + to;
  }
}
