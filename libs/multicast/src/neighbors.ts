import type { Id } from '@banyan/ids';
import type { LinkId, NodeHandle } from '@banyan/kbr';
import type { Bound, Millis } from '@banyan/sansio';

/** Another node as this one meets it in all groups together: one beat, one link each way. */
export interface Neighbor {
  handle: NodeHandle;
  heardAt: Millis;
  /** The link this node dialled: the neighbor sends frames on it. */
  uplink: LinkId | undefined;
  /** The link the neighbor dialled: frames go out on it. */
  downlink: LinkId | undefined;
  /** Groups in which the neighbor is the parent (or may become it: a graft is under way). */
  readonly parentIn: Set<Id>;
  /** Groups in which the neighbor is a child. */
  readonly childIn: Set<Id>;
  /** The next beat; a beat that came before its time puts the next one off, so that it is said once and not twice. */
  beatAt: Millis;
  beatSaidAt: Millis;
  isHurried: boolean;
  /** When a third node was asked about it. */
  probedAt: Millis | undefined;
  /** Where the next beat goes on, when more groups are shared than fit. */
  beatOffset: number;
}

/** Peers heard of that are kept although no tree edge joins them. */
const STRANGERS_MAX = 1_024;
/** Peers without edge and link are forgotten after so long. */
const STRANGER_MS: Millis = 30_000;
/** Deaths remembered. */
const DEAD_MAX = 1_024;

/** Everybody this node shares an edge with, has a link to, or heard of lately. */
export class Neighbors {
  readonly #all = new Map<Id, Neighbor>();
  readonly #dead = new Map<Id, number>();
  readonly #departing = new Map<Id, number>();
  /** The newest life of nodes that started again. */
  readonly #newest = new Map<Id, number>();
  /** No neighbor needs a look before. */
  dueAt: Millis = Infinity;

  get(peer: Id): Neighbor | undefined {
    return this.#all.get(peer);
  }

  all(): Iterable<Neighbor> {
    return this.#all.values();
  }

  bounds(): readonly Bound[] {
    let strangers = 0;
    for (const neighbor of this.#all.values()) if (isStranger(neighbor)) strangers++;
    return [
      { name: 'strangers', size: strangers, limit: STRANGERS_MAX },
      { name: 'deaths remembered', size: this.#dead.size, limit: DEAD_MAX },
      { name: 'departures remembered', size: this.#departing.size, limit: DEAD_MAX },
      { name: 'restarts remembered', size: this.#newest.size, limit: DEAD_MAX },
    ];
  }

  /** The neighbor of this handle, made when new; a newer incarnation replaces the handle. */
  meet(handle: NodeHandle, now: Millis): Neighbor {
    const known = this.#all.get(handle.id);
    if (known !== undefined) {
      if (handle.incarnation > known.handle.incarnation) known.handle = handle;
      return known;
    }
    if (this.#all.size >= STRANGERS_MAX) this.prune(now);
    const neighbor: Neighbor = { handle, heardAt: now, uplink: undefined, downlink: undefined, probedAt: undefined, parentIn: new Set(), childIn: new Set(), beatAt: now, beatSaidAt: -Infinity, isHurried: false, beatOffset: 0 };
    this.#all.set(handle.id, neighbor);
    this.dueAt = Math.min(this.dueAt, now);
    return neighbor;
  }

  /** The neighbor's next beat goes out no later than `at`. */
  expect(neighbor: Neighbor, at: Millis): void {
    neighbor.beatAt = Math.min(neighbor.beatAt, at);
    this.dueAt = Math.min(this.dueAt, neighbor.beatAt);
  }

  /** There is news for the neighbor: its beat goes out now, or `bundleMs` after the last one. */
  hurry(neighbor: Neighbor, now: Millis, bundleMs: Millis): void {
    neighbor.isHurried = true;
    this.expect(neighbor, Math.max(now, neighbor.beatSaidAt + bundleMs));
  }

  /** Notes a sign of life. Returns `reborn` when it comes from a newer life than the one known. */
  heard(handle: NodeHandle, now: Millis): 'known' | 'reborn' {
    const known = this.#all.get(handle.id);
    const before = known?.handle.incarnation;
    const neighbor = known === undefined || known.handle.incarnation < handle.incarnation ? this.meet(handle, now) : known;
    neighbor.heardAt = now;
    neighbor.probedAt = undefined;
    this.lives(handle);
    return before !== undefined && handle.incarnation > before ? 'reborn' : 'known';
  }

  died(handle: NodeHandle): void {
    this.#dead.set(handle.id, Math.max(handle.incarnation, this.#dead.get(handle.id) ?? 0));
    if (this.#dead.size > DEAD_MAX) for (const oldest of this.#dead.keys()) return void this.#dead.delete(oldest);
  }

  /** This life of a node said that it leaves the ring. True when that is news. */
  departs(handle: NodeHandle): boolean {
    if (this.isDeparting(handle)) return false;
    this.#departing.set(handle.id, handle.incarnation);
    if (this.#departing.size > DEAD_MAX) for (const oldest of this.#departing.keys()) {
      this.#departing.delete(oldest);
      break;
    }
    return true;
  }

  isDeparting(handle: NodeHandle): boolean {
    return this.#departing.get(handle.id) === handle.incarnation;
  }

  /** It lives, as far as is known, and will be there a while. */
  stays(handle: NodeHandle): boolean {
    return !this.isDeparting(handle) && !this.isDead(handle);
  }

  /** This life of a node is there: earlier ones are over, and if it was thought dead that was a mistake or a partition. */
  lives(handle: NodeHandle): void {
    if (this.#dead.size + this.#newest.size === 0) return;
    const died = this.#dead.get(handle.id);
    if (died !== undefined && died <= handle.incarnation) {
      this.#dead.delete(handle.id);
      if (died < handle.incarnation) this.#newest.set(handle.id, handle.incarnation);
    }
    const known = this.#newest.get(handle.id);
    if (known !== undefined && known < handle.incarnation) this.#newest.set(handle.id, handle.incarnation);
    if (this.#newest.size > DEAD_MAX) for (const oldest of this.#newest.keys()) return void this.#newest.delete(oldest);
  }

  /** True when this life of the node is over, as far as is known. */
  isDead(handle: NodeHandle): boolean {
    const newest = Math.max(this.#all.get(handle.id)?.handle.incarnation ?? 0, this.#newest.get(handle.id) ?? 0);
    if (newest > handle.incarnation) return true;
    const life = this.#dead.get(handle.id);
    return life !== undefined && life >= handle.incarnation;
  }

  /** Everybody was silent for `pauseMs` because this node did not run: the silence is not theirs. */
  excuse(pauseMs: Millis): void {
    for (const neighbor of this.#all.values()) neighbor.heardAt += pauseMs;
  }

  /** Forgets peers without edge and link that were silent for long; beyond the bound the longest silent go at once. */
  prune(now: Millis): void {
    const idle = [...this.#all.values()].filter(isStranger);
    idle.sort((a, b) => a.heardAt - b.heardAt);
    const excess = this.#all.size - STRANGERS_MAX + 1;
    idle.forEach((neighbor, i) => {
      if (i < excess || now - neighbor.heardAt > STRANGER_MS) this.#all.delete(neighbor.handle.id);
    });
  }
}

/** No edge and no link joins it to this node. */
function isStranger({ parentIn, childIn, uplink, downlink }: Neighbor): boolean {
  return parentIn.size + childIn.size === 0 && uplink === undefined && downlink === undefined;
}
