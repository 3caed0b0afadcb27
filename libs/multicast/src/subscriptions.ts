import { startBackfill } from './backfill.ts';
import type { Start, SubscriptionId } from './commands.ts';
import type { Sequence } from './epoch.ts';
import { isExpired } from './feed.ts';
import type { Group, Subscription } from './group.ts';
import { wholeFrom } from './large-messages.ts';
import { noteGiven } from './taken.ts';
import type { Turn } from './turn.ts';

/** Registers a reader; it is told `subscribed` once this node is in the tree. */
export function subscribe(
  turn: Turn,
  group: Group,
  wish: Pick<Subscription, 'id' | 'start' | 'windowBytes' | 'policy' | 'client' | 'answers'>,
): void {
  const { type } = wish.start;
  group.subscriptions.set(wish.id, { ...wish, since: turn.now, outstandingBytes: 0, given: [], taken: undefined, stalledSince: undefined, fullSince: undefined, floating: type !== 'sequence' });
}

/** The sequence at which `start` begins, given what the tree keeps. */
export function resolveStart(start: Start, bounds: { readonly low: Sequence; readonly end: Sequence }): Sequence {
  switch (start.type) {
    case 'latest':
      return bounds.end;
    case 'first':
      return bounds.low;
    case 'last':
      return Math.max(bounds.low, bounds.end - start.count);
    case 'sequence':
      return start.sequence;
    case 'time':
      // History begins here with what comes; what is older is fetched once it is known where it begins.
      return bounds.end;
  }
}

/**
 * The first sequence that was numbered at wall time `stampMs` or later, as far as this node's history tells; undefined when
 * it may lie before what is kept here. A moment to come counts as now.
 */
export function sequenceAt(group: Group, stampMs: number): Sequence | undefined {
  const { ring } = group;
  const found = ring.firstStampedAt(stampMs);
  const keepsAll = group.sequencer !== undefined || ring.low <= Math.max(1, group.rootLow);
  return found === ring.low && !keepsAll ? undefined : found;
}

/**
 * Gives every reader that waits for it its start. The end is the commit mark where there is one: what lies beyond may
 * yet be numbered anew, and then it would be a message published after the subscription was acknowledged.
 */
export function resolveSubscriptions(turn: Turn, group: Group): void {
  const { descriptor } = group;
  if (!group.attached || descriptor === undefined) return;
  const bounds = { low: Math.min(group.rootLow, group.ring.low), end: Math.max(group.end, group.ring.low) };
  for (const subscription of group.subscriptions.values()) {
    if (subscription.position !== undefined) continue;
    const position = startOf(group, subscription, bounds);
    if (position === undefined) continue;
    subscription.position = position;
    const { id } = subscription;
    turn.event({ type: 'subscribed', subscription: id, group: group.id, descriptor, firstSequence: subscription.position });
  }
}

/** Where a reader begins; undefined while a moment it named is being looked for. */
function startOf(group: Group, reader: Subscription, bounds: { readonly low: Sequence; readonly end: Sequence }): Sequence | undefined {
  if (reader.start.type === 'time') return reader.located ?? sequenceAt(group, reader.start.stampMs);
  const at = resolveStart(reader.start, bounds);
  return reader.start.type === 'last' && at < bounds.end ? Math.max(bounds.low, wholeFrom(group, at)) : at;
}

/** The reader is gone, at its own wish or after it was told why. */
export function endSubscription(turn: Turn, group: Group, id: SubscriptionId): void {
  group.subscriptions.delete(id);
  turn.homes.delete(id);
}

/** Readers for whom no root was found in time are told so. */
export function expireSubscriptions(turn: Turn, group: Group): void {
  for (const subscription of group.subscriptions.values()) {
    if (subscription.position !== undefined || turn.now - subscription.since < turn.config.rootSearchMs) continue;
    endSubscription(turn, group, subscription.id);
    turn.event({ type: 'subscribeFailed', subscription: subscription.id, group: group.id, reason: 'NO_ROOT' });
  }
}

/** Delivers to every reader what its window takes. */
export function pumpSubscriptions(turn: Turn, group: Group): void {
  for (const subscription of group.subscriptions.values()) pumpSubscription(turn, group, subscription);
}

/** History from `sequence` on was taken back: readers that had it are told, and read on from there. */
export function rewindSubscriptions(turn: Turn, group: Group, sequence: Sequence): void {
  for (const subscription of group.subscriptions.values()) {
    const { id, position } = subscription;
    if (position === undefined || position <= sequence || subscription.floating) {
      if (position !== undefined && position > sequence) subscription.position = sequence;
      continue;
    }
    if (subscription.start.type === 'sequence' && position === subscription.start.sequence) continue;
    turn.event({ type: 'gap', subscription: id, group: group.id, from: sequence, to: position, reason: 'OTHER_EPOCH' });
    subscription.position = sequence;
  }
}

function pumpSubscription(turn: Turn, group: Group, subscription: Subscription): void {
  const limit = group.deliverable;
  const windowBytes = Math.min(subscription.windowBytes, group.descriptor?.backpressure?.bytes ?? Infinity);
  while (subscription.position !== undefined && subscription.position < limit && subscription.outstandingBytes < windowBytes) {
    const from: Sequence = subscription.position;
    const entry = group.ring.entryFor(from) ?? group.backfill?.ring.entryFor(from);
    if (entry === undefined) {
      if (!passExpired(turn, group, subscription, from)) return;
      continue;
    }
    if (entry.to > limit) return;
    subscription.position = entry.to;
    if (entry.frame.type === 'gap') tellGap(turn, group, subscription, { from, to: entry.to, reason: entry.frame.reason });
    else {
      subscription.floating = false;
      subscription.outstandingBytes += entry.frame.bytes;
      noteGiven(subscription, { from, to: entry.to, bytes: entry.frame.bytes });
      turn.event({ type: 'messages', subscription: subscription.id, frame: entry.frame, from });
    }
  }
  noteStall(turn, group, subscription, windowBytes);
}

/** One that has no room for what there is stands still; unless what it misses may simply grow old, it is looked after. */
function noteStall(turn: Turn, group: Group, reader: Subscription, windowBytes: number): void {
  if (reader.outstandingBytes < windowBytes) {
    reader.stalledSince = undefined;
    return;
  }
  reader.stalledSince ??= turn.now;
  if (reader.policy !== 'drop-oldest') group.slowLookAt ??= turn.now + turn.config.slowLookMs;
}

/** Moves a reader over what nobody keeps; false when it must wait for history to be fetched. */
function passExpired(turn: Turn, group: Group, subscription: Subscription, from: Sequence): boolean {
  if (!isExpired(group, from)) {
    startBackfill(turn, group, from);
    return false;
  }
  subscription.position = group.ring.low;
  tellGap(turn, group, subscription, { from, to: group.ring.low, reason: 'EXPIRED' });
  return true;
}

function tellGap(
  turn: Turn,
  group: Group,
  subscription: Subscription,
  gap: { readonly from: Sequence; readonly to: Sequence; readonly reason: 'EXPIRED' | 'OTHER_EPOCH' | 'LOST_STATE' | 'DROPPED' },
): void {
  turn.event({ type: 'gap', subscription: subscription.id, group: group.id, ...gap });
}
