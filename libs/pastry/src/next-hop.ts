import { compareDistance, sharedPrefix, type Id } from '@banyan/ids';
import type { Hop, NodeHandle } from '@banyan/kbr';
import type { LeafSet } from './leaf-set.ts';
import type { NeighborhoodSet } from './neighborhood-set.ts';
import type { RoutingTable } from './routing-table.ts';

/** What a routing decision looks at. */
export interface RoutingState {
  readonly self: NodeHandle;
  readonly leafSet: LeafSet;
  readonly table: RoutingTable;
  readonly neighborhood: NeighborhoodSet;
}

/** A routing decision for one key. */
export interface NextHopQuery {
  readonly key: Id;
  /** Peers to go around where another choice makes progress; the root of a key is never gone around. */
  readonly avoid: (peer: NodeHandle) => boolean;
  /** A node that is to be treated as absent, even as a root: a joiner looks for who is closest to its own id. */
  readonly absent?: Id;
}

/**
 * The hop towards a key: rule `self` when no known node is closer to it than we are; undefined when every hop that makes
 * progress is to be avoided. Each hop is the last (leaf set), or shares a longer prefix with the key, or as long a one
 * and is closer: so routes end.
 * Pure; O(log |L|), and in the rare case one pass over every known node.
 * Source: Rowstron & Druschel 2001, §2.3 (leaf set, then routing table, then the rare case).
 */
export function nextHop(state: RoutingState, query: NextHopQuery): Hop | undefined {
  const { key, avoid, absent } = query;
  if (state.leafSet.covers(key, knowsWholeRing(state))) {
    const closest = state.leafSet.closest(key, absent);
    return closest === undefined ? { to: state.self, rule: 'self' } : { to: closest, rule: 'leaf-set', last: true };
  }
  const entry = state.table.entryFor(key);
  if (entry !== undefined && entry.id !== absent && !avoid(entry)) return { to: entry, rule: 'routing-table', ...state.table.slotOf(key) };
  return rareCase(state, query);
}

/** True when going from here to `to` brings `key` nearer: a longer shared prefix, or as long a one and numerically closer. */
export function makesProgress(state: RoutingState, key: Id, to: NodeHandle): boolean {
  const b = state.table.digitBits;
  const own = sharedPrefix(state.self.id, key, b);
  const theirs = sharedPrefix(to.id, key, b);
  if (theirs !== own) return theirs > own;
  return compareDistance(key, to.id, state.self.id) < 0;
}

/**
 * True when the leaves are all the nodes we know of, so that the leaf set decides for every key. A leaf set that is short
 * although the table knows others has lost members and is under repair.
 */
export function knowsWholeRing(state: RoutingState): boolean {
  if (state.leafSet.isFull || state.table.size > state.leafSet.size) return false;
  for (const entry of state.table.entries()) if (!state.leafSet.has(entry.id)) return false;
  return true;
}

// Any node that shares at least as long a prefix with the key as we do and is closer to it; of those the one that comes nearest.
function rareCase(state: RoutingState, { key, avoid, absent }: NextHopQuery): Hop | undefined {
  const b = state.table.digitBits;
  const own = sharedPrefix(state.self.id, key, b);
  let best: NodeHandle | undefined;
  const consider = (candidate: NodeHandle): void => {
    if (sharedPrefix(candidate.id, key, b) < own || candidate.id === absent) return;
    if (compareDistance(key, candidate.id, best?.id ?? state.self.id) < 0 && !avoid(candidate)) best = candidate;
  };
  state.leafSet.members.forEach(consider);
  for (const entry of state.table.entries()) consider(entry);
  state.neighborhood.members().forEach(consider);
  return best === undefined ? undefined : { to: best, rule: 'rare-case' };
}
