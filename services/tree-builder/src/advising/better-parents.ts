import type { Id } from '@banyan/ids';

/** A node in the tree, as its own report tells. */
export interface Member {
  readonly id: Id;
  /** Undefined at the root, and while it moves. */
  readonly parent: Id | undefined;
  readonly isRoot: boolean;
  /** Voters stand under the root, whatever it costs. */
  readonly isVoter: boolean;
  /** Children that it could take beside those it has. */
  readonly places: number;
}

/** What the link between two members costs, ms; undefined: not known, and no ground for advice. */
export type LinkCost = (parent: Id, child: Id) => number | undefined;

/** A move worth making. */
export interface Move {
  readonly member: Id;
  readonly parent: Id;
  readonly better: Id;
  /** By which share the way from the root to the member is cheaper, 0 to 1. */
  readonly gain: number;
}

export interface MoveLimits {
  /** Members looked at, of all; the others stay where they are. */
  readonly looked: readonly Member[];
  /** Moves at once: a tree that is stirred everywhere is no tree. */
  readonly movesMax: number;
  /** The least share and the least ms that a move is worth: what is below is noise of the measurements. */
  readonly gainMin: number;
  readonly gainMsMin: number;
}

/**
 * Moves that make ways from the root cheaper, those first from which most members have something. A move takes a member with all that
 * hangs below it under another that has a place, and is not below it. Each is found in the tree as the ones before leave it.
 * Greedy; O(moves * looked * members) at worst, and mostly far less, since whoever is farther from the root than the best parent
 * so far is not looked at. A best tree under degree limits is NP-hard, and the tree changes while one thinks.
 */
export function betterParents(members: readonly Member[], cost: LinkCost, { looked, movesMax, gainMin, gainMsMin }: MoveLimits): readonly Move[] {
  const tree = new Tree(members, cost);
  const moves: Move[] = [];
  while (moves.length < movesMax) {
    let best: (Move & { readonly worth: number }) | undefined;
    for (const member of looked) {
      const { parent } = member;
      const wayMs = tree.wayMs(member.id);
      if (parent === undefined || member.isVoter || member.isRoot || wayMs === undefined || moves.some((move) => move.member === member.id)) continue;
      const better = tree.cheapestFor(member.id);
      if (better === undefined) continue;
      const savedMs = wayMs - better.wayMs;
      const gain = savedMs / wayMs;
      if (savedMs < gainMsMin || gain < gainMin) continue;
      const worth = savedMs * tree.below(member.id);
      if (best === undefined || worth > best.worth) best = { member: member.id, parent, better: better.parent, gain, worth };
    }
    if (best === undefined) break;
    const { worth: _worth, ...move } = best;
    moves.push(move);
    tree.move(move);
  }
  return moves;
}

/** The tree as it would be. */
class Tree {
  readonly #cost: LinkCost;
  readonly #parents = new Map<Id, Id | undefined>();
  readonly #places = new Map<Id, number>();
  readonly #children = new Map<Id, Set<Id>>();
  readonly #ways = new Map<Id, number | undefined>();
  /** Those with a place, the nearest to the root first. */
  #open: readonly { readonly id: Id; readonly wayMs: number }[] = [];

  constructor(members: readonly Member[], cost: LinkCost) {
    this.#cost = cost;
    for (const { id, parent, places, isRoot } of members) {
      this.#parents.set(id, isRoot ? undefined : parent);
      this.#places.set(id, places);
      if (isRoot) this.#ways.set(id, 0);
      else if (parent !== undefined) this.#childrenOf(parent).add(id);
    }
    for (const { id, isRoot } of members) if (isRoot) this.#measureBelow(id);
    this.#sort();
  }

  /** What the way from the root costs, ms; undefined for one that hangs under no root, or by a link of unknown cost. */
  wayMs(id: Id): number | undefined {
    return this.#ways.get(id);
  }

  /** How many hang on it, itself included. */
  below(id: Id): number {
    let count = 1;
    for (const child of this.#children.get(id) ?? []) count += this.below(child);
    return count;
  }

  cheapestFor(id: Id): { readonly parent: Id; readonly wayMs: number } | undefined {
    let best: { parent: Id; wayMs: number } | undefined;
    for (const { id: candidate, wayMs } of this.#open) {
      if (best !== undefined && wayMs >= best.wayMs) break;
      if (candidate === id || candidate === this.#parents.get(id)) continue;
      const linkMs = this.#cost(candidate, id);
      if (linkMs === undefined || (best !== undefined && wayMs + linkMs >= best.wayMs) || this.#hangsOn(candidate, id)) continue;
      best = { parent: candidate, wayMs: wayMs + linkMs };
    }
    return best;
  }

  move({ member, parent, better }: Move): void {
    this.#childrenOf(parent).delete(member);
    this.#places.set(parent, (this.#places.get(parent) ?? 0) + 1);
    this.#childrenOf(better).add(member);
    this.#places.set(better, (this.#places.get(better) ?? 0) - 1);
    this.#parents.set(member, better);
    this.#measureBelow(better);
    this.#sort();
  }

  #sort(): void {
    const open = [...this.#places].flatMap(([id, places]) => {
      const wayMs = this.#ways.get(id);
      return places <= 0 || wayMs === undefined ? [] : [{ id, wayMs }];
    });
    this.#open = open.sort((a, b) => a.wayMs - b.wayMs || (a.id < b.id ? -1 : 1));
  }

  #hangsOn(id: Id, ancestor: Id): boolean {
    let steps = 0;
    // Reports of two instants may show a circle that never was.
    for (let at: Id | undefined = id; at !== undefined && steps <= this.#parents.size; at = this.#parents.get(at), steps++) if (at === ancestor) return true;
    return steps > this.#parents.size;
  }

  #measureBelow(id: Id): void {
    const wayMs = this.#ways.get(id);
    for (const child of this.#children.get(id) ?? []) {
      const linkMs = this.#cost(id, child);
      this.#ways.set(child, wayMs === undefined || linkMs === undefined ? undefined : wayMs + linkMs);
      this.#measureBelow(child);
    }
  }

  #childrenOf(id: Id): Set<Id> {
    const children = this.#children.get(id) ?? new Set();
    this.#children.set(id, children);
    return children;
  }
}
