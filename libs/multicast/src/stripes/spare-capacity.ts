import { isNewerRound } from '../epoch.ts';
import { onGraft, placesLeft } from '../children.ts';
import { stepOn } from '../depth-first.ts';
import type { Group } from '../group.ts';
import type { TreeMessage } from '../messages.ts';
import type { Turn } from '../turn.ts';
import { isStriped, stripeCount, stripeKey } from './stripe-groups.ts';

type Search = Extract<TreeMessage, { type: 'findPlace' }>;

/** Nodes that one search visits at most; the next one goes out with the next join, if still nobody has a place. */
export const PLACE_VISITS_MAX = 24;
/** Nodes still to be visited that a search carries. */
export const PLACE_AHEAD_MAX = 32;

/**
 * Looks for a place in a stripe where all that were asked were full: an anycast, depth first through the main tree, in which every
 * member stands, led by what beats say of spare places below. Source: Castro et al. 2003 (SplitStream), §3.4. Deviation: the nodes
 * with places to spare are no group of their own; their parents in the main tree know that they are there.
 */
export function searchPlace(turn: Turn, group: Group): void {
  const main = group.descriptor?.stripe === undefined ? undefined : group.beside(group.descriptor.stripe.of);
  if (main?.attached !== true) return;
  const accepted = group.accepted === undefined ? {} : { accepted: group.accepted };
  goOn(turn, main, { type: 'findPlace', group: main.id, stripe: group.id, child: turn.self, ...accepted, visited: [turn.self.id], ahead: [] });
  turn.note(group.id, 'place_searched');
}

/** A search comes to this node: the newcomer has a place here, or the search goes on. */
export function onFindPlace(turn: Turn, main: Group, search: Search): void {
  const stripe = main.beside(search.stripe);
  if (stripe !== undefined && hasPlace(turn, stripe, search)) {
    const accepted = search.accepted === undefined ? {} : { accepted: search.accepted };
    onGraft(turn, stripe, search.child, { type: 'graft', group: stripe.id, voter: false, ...accepted });
    turn.note(stripe.id, 'place_found');
    return;
  }
  goOn(turn, main, { ...search, visited: [...search.visited, turn.self.id] });
}

/** In the main tree of a striped group: this node or somebody below it would take children more in the stripes. */
export function hasSpareBelow(turn: Turn, main: Group): boolean | undefined {
  const { descriptor } = main;
  if (descriptor === undefined || !isStriped(descriptor)) return undefined;
  for (const child of main.children.values()) if (child.spare) return true;
  const count = stripeCount(descriptor);
  for (let index = 0; index < count; index++) {
    const stripe = main.beside(stripeKey(main.id, index, count));
    // Stripes share their places: one of them tells for all.
    if (stripe?.attached === true) return placesLeft(turn, stripe) > 0;
  }
  return false;
}

/**
 * Whose round is not newer than the newcomer's may stand below it and could not take it: the rule that keeps circles out does what
 * the paper's path to the root does.
 */
function hasPlace(turn: Turn, stripe: Group, { child, accepted }: Search): boolean {
  if (!stripe.attached || stripe.leaving || stripe.children.has(child.id) || placesLeft(turn, stripe) === 0) return false;
  return accepted === undefined || (stripe.accepted !== undefined && isNewerRound(stripe.accepted, accepted));
}

function goOn(turn: Turn, main: Group, search: Search): void {
  const { next, ahead } = stepOn(turn, main, search, ({ spare }) => spare, PLACE_AHEAD_MAX);
  if (next !== undefined && search.visited.length < PLACE_VISITS_MAX) turn.direct(next, { ...search, ahead });
}
