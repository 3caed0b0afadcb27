import { id, type Id } from '@banyan/ids';
import type { GroupDescriptor, Verified } from '../descriptor.ts';

/** Most stripes of a group: as many as there are first digits. */
export const STRIPES_MAX = 16;
const DIGITS = 16;
/** With fewer a parity would be a second copy. */
const PARITY_STRIPES_MIN = 3;

/** How many trees share the payloads of the group that a descriptor is of, or of which it describes a stripe; 0: its one tree carries them. */
export function stripeCount({ stripes = 1 }: GroupDescriptor): number {
  return stripes < 2 ? 0 : Math.min(stripes, STRIPES_MAX);
}

/** Stripes that carry payloads: the last one may carry their parity instead. */
export function dataStripes(descriptor: GroupDescriptor): number {
  return stripeCount(descriptor) - (hasParity(descriptor) ? 1 : 0);
}

export function hasParity(descriptor: GroupDescriptor): boolean {
  return descriptor.parity === true && stripeCount(descriptor) >= PARITY_STRIPES_MIN;
}

/** True when payloads of this group go by stripes; a stripe itself has none. */
export function isStriped(descriptor: GroupDescriptor): boolean {
  return descriptor.stripe === undefined && stripeCount(descriptor) > 0;
}

/**
 * The key of a stripe: that of the group, its first digit turned on. Routes to keys of different first digits share no node but
 * their ends, so a node stands inside the one tree whose first digit it has, and is a leaf of the others.
 * Fewer stripes than digits stand as far apart as they can. Source: Castro et al. 2003 (SplitStream), §3.2.
 */
export function stripeKey(group: Id, index: number, count: number): Id {
  const first = (parseInt(group.slice(0, 1), DIGITS) + Math.floor((index * DIGITS) / count)) % DIGITS;
  // The second digit keeps every stripe away from the root of the main tree.
  const second = (parseInt(group.slice(1, 2), DIGITS) + DIGITS / 2) % DIGITS;
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
