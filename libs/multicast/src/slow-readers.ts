import type { Sequence } from './epoch.ts';
import { hold } from './hold.ts';
import type { Group, Subscription } from './group.ts';
import { endSubscription } from './subscriptions.ts';
import type { Turn } from './turn.ts';

/**
 * Looks after readers that stand still. One that counts in the group's window and fills it holds the publishers; one that
 * fills it for as long as the group waits is detached with the sequence to resume from, so that it loses nothing and the
 * others go on.
 */
export function tickSlowReaders(turn: Turn, group: Group): void {
  if (group.slowLookAt === undefined || group.slowLookAt > turn.now) return;
  group.slowLookAt = undefined;
  const { bytes, maxWaitMs } = windowOf(turn, group);
  for (const reader of [...group.subscriptions.values()]) {
    if (reader.stalledSince === undefined || reader.policy === 'drop-oldest') continue;
    group.slowLookAt = turn.now + turn.config.slowLookMs;
    if (queueBytesOf(group, reader) < bytes) {
      reader.fullSince = undefined;
      continue;
    }
    reader.fullSince ??= turn.now;
    if (turn.now - reader.fullSince >= maxWaitMs) detach(turn, group, reader);
    else if (isCounted(turn, group, reader)) hold(turn, group);
  }
}

/** What was handed to a reader and not taken, and what is kept for it, bytes. */
export function queueBytesOf(group: Group, { position, outstandingBytes }: Subscription): number {
  if (position === undefined) return 0;
  return outstandingBytes + Math.max(0, group.ring.bytesFrom(position) - group.ring.bytesFrom(group.deliverable));
}

/** Publishers are held while this reader is a window behind. */
export function isCounted(turn: Turn, group: Group, reader: Subscription): boolean {
  return reader.policy === 'block' && group.descriptor?.backpressure !== undefined && turn.offenders.counts(group.id, reader.client, turn.now);
}

function windowOf(turn: Turn, group: Group): { readonly bytes: number; readonly maxWaitMs: number } {
  return group.descriptor?.backpressure ?? { bytes: turn.config.slowBytes, maxWaitMs: turn.config.slowMs };
}

function detach(turn: Turn, group: Group, reader: Subscription): void {
  const sequence: Sequence = reader.position ?? group.deliverable;
  if (reader.policy === 'block') turn.offenders.detached(group.id, reader.client, turn.now, turn.config);
  endSubscription(turn, group, reader.id);
  turn.event({ type: 'detached', subscription: reader.id, group: group.id, sequence });
}
