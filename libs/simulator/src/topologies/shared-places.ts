import type { Host, Topology } from '../topology.ts';

/** Two hosts at one place, where one machine followed another, are so far apart; they never live at once. */
const SAME_PLACE_MS = 0.01;

/**
 * A topology with room for hosts that will stand where others stood: a new node on a dead one's address.
 * Hosts beyond those of `base` have no place of their own until they are given one; until then they stand with host 0.
 */
export class SharedPlaces implements Topology {
  readonly name: string;
  readonly hosts: number;
  readonly #base: Topology;
  readonly #place: Int32Array;

  constructor(base: Topology, spareHosts: number) {
    this.name = base.name;
    this.hosts = base.hosts + spareHosts;
    this.#base = base;
    this.#place = Int32Array.from({ length: this.hosts }, (_, host) => (host < base.hosts ? host : 0));
  }

  /** Which host of the base topology this one stands at. */
  placeOf(host: Host): Host {
    return this.#place[host] ?? 0;
  }

  /** Puts a spare host where another stands; for the time before its first life. */
  move(spare: Host, to: Host): void {
    this.#place[spare] = this.placeOf(to);
  }

  latencyMs(from: Host, to: Host): number {
    if (from === to) return 0;
    return this.#base.latencyMs(this.placeOf(from), this.placeOf(to)) || SAME_PLACE_MS;
  }
}
