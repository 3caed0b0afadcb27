import { id, type Id } from '@banyan/ids';
import type { GroupDescriptor, Verified } from '../descriptor.ts';

/** Most stripes of a group, one with parity among them: as many as there are first digits. */
export const STRIPES_MAX = 16;
const DIGITS = 16;

/** How many trees carry payloads of a group; 0 when its main tree carries them. */
export function dataStripes(descriptor: GroupDescriptor): number {
  const { stripes = 1, stripe } = descriptor;
  return stripes < 2 || stripe !== undefined ? 0 : Math.min(stripes, STRIPES_MAX);
}

/** Indices of all stripes of a group, that of parity last. */
export function stripeCount(descriptor: GroupDescriptor): number {
  const data = dataStripes(descriptor);
  return data === 0 || descriptor.parity !== true ? data : data + 1;
}

/**
 * The key of a stripe: that of the group, its first digit turned on. Routes to keys of different first digits share no node but
 * their ends, so a node stands inside the one tree whose first digit it has, and is a leaf of the others.
 * Fewer stripes than digits stand as far apart as they can. Source: Castro et al. 2003 (SplitStream), §3.2.
 */
export function stripeKey(group: Id, index: number, count: number): Id {
  const step = Math.floor((index * DIGITS) / Math.max(1, Math.min(count, DIGITS)));
  const first = (parseInt(group.slice(0, 1), DIGITS) + step) % DIGITS;
  // The second digit keeps every stripe away from the root of the main tree, and a seventeenth from the stripe whose first digit it has.
  const second = (parseInt(group.slice(1, 2), DIGITS) + (step < DIGITS ? 8 : 4)) % DIGITS;
  return id(first.toString(DIGITS) + second.toString(DIGITS) + group.slice(2));
}

/**
 * What the descriptor of a group says about one of its stripes. As sure as the group's own: it follows from the signed one and
 * an index. The first record stays the main tree's; a stripe starts at the owner of its key.
 */
export function stripeDescriptor(descriptor: Verified<GroupDescriptor>, index: number): Verified<GroupDescriptor> {
  const { firstRecord: _mainOnly, ...rest } = descriptor;
  const stripe: GroupDescriptor = { ...rest, group: stripeKey(descriptor.group, index, stripeCount(descriptor)), stripe: { of: descriptor.group, index } };
  return stripe as Verified<GroupDescriptor>;
}
