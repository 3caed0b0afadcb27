import { sharedPrefix, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Rng } from '@banyan/sansio';
import type { Child, Group } from '../group.ts';
import { stripeCount, stripeKey } from './stripe-groups.ts';

const DIGITS = 16;
const DIGIT_BITS = 4;

/** A child that makes room for another. */
export interface Eviction {
  readonly group: Group;
  readonly child: Child;
}

/** The trees in which this node shares one number of places with `group`: the stripes of one group, or it alone. */
export function sharingPlaces(group: Group): readonly Group[] {
  const { descriptor } = group;
  const stripe = descriptor?.stripe;
  if (descriptor === undefined || stripe === undefined) return [group];
  const count = stripeCount(descriptor);
  group.stripeKeys ??= Array.from({ length: count }, (_, index) => stripeKey(stripe.of, index, count));
  return group.stripeKeys.map((key) => group.beside(key)).filter((other) => other !== undefined);
}

/**
 * Places that are taken at this node in all trees that share them. Voters have places of their own in a group of one tree; in
 * stripes they count, too: what a node sends to all its children is what its line has to carry.
 */
export function placesTaken(group: Group): number {
  let taken = 0;
  for (const { children, descriptor } of sharingPlaces(group)) {
    for (const child of children.values()) if (isPlaced(child) || (descriptor?.stripe !== undefined && child.voter)) taken++;
  }
  return taken;
}

/**
 * Whom a full node lets go so that `newcomer` has a place in `group`; undefined: it refuses. Only where the node is to stand inside
 * the tree: first a child in a stripe in which it is not, one that is no better placed there than elsewhere before others; else a
 * child of this stripe that shares a shorter prefix with the stripe than the newcomer. Strictly shorter, so that two never push
 * each other out in turn. Source: Castro et al. 2003 (SplitStream), §3.3.
 */
export function evictionFor(self: NodeHandle, group: Group, newcomer: NodeHandle, rng: Rng): Eviction | undefined {
  if (!isInside(self, group)) return undefined;
  const strangers = rng.shuffle(sharingPlaces(group).flatMap((other) => (other === group || isInside(self, other) ? [] : [...other.children.values()].filter(isPlaced).map((child) => ({ group: other, child })))));
  const stranger = strangers.find(({ group: other, child }) => !standsInside(child.handle, other)) ?? strangers[0];
  if (stranger !== undefined) return stranger;
  const length = sharedPrefix(newcomer.id, group.id, DIGIT_BITS);
  let shortest: { readonly child: Child; readonly length: number } | undefined;
  for (const child of group.children.values()) {
    const own = isPlaced(child) ? sharedPrefix(child.handle.id, group.id, DIGIT_BITS) : Infinity;
    if (own < (shortest?.length ?? length)) shortest = { child, length: own };
  }
  return shortest === undefined ? undefined : { group, child: shortest.child };
}

/**
 * Children to send others to: those that have places left before the rest, in a stripe those that stand inside its tree before
 * others; equals in random order. So an orphan finds what room there is in a step or two, and else searches for it
 * (`spare-capacity.ts`).
 */
export function roomiestFirst(group: Group, children: readonly Child[], rng: Rng): readonly NodeHandle[] {
  const rank = ({ handle, placesLeft }: Child): number => (placesLeft > 0 ? 0 : 2) + (standsInside(handle, group) ? 0 : 1);
  return rng.shuffle([...children]).sort((a, b) => rank(a) - rank(b)).map(({ handle }) => handle);
}

/** The one stripe inside whose tree a node is to stand, by the first digit of its id; with fewer stripes than digits each has several. */
export function standsInside(node: NodeHandle, { descriptor }: Group): boolean {
  const stripe = descriptor?.stripe;
  if (descriptor === undefined || stripe === undefined) return true;
  const turned = (firstDigit(node.id) - firstDigit(stripe.of) + DIGITS) % DIGITS;
  return Math.floor((turned * stripeCount(descriptor)) / DIGITS) === stripe.index;
}

/** A root stands inside, whatever its id: without it nobody would. */
export function isInside(self: NodeHandle, group: Group): boolean {
  return group.sequencer !== undefined || standsInside(self, group);
}

function isPlaced(child: Child): boolean {
  return !child.voter && child.stage !== 'pending';
}

function firstDigit(id: Id): number {
  return parseInt(id.slice(0, 1), DIGITS);
}
