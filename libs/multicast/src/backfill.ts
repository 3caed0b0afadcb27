import type { NodeHandle } from '@banyan/kbr';
import type { Sequence } from './epoch.ts';
import type { GapFrame, StampedFrame } from './frames.ts';
import type { Group } from './group.ts';
import { RetentionRing } from './retention-ring.ts';
import type { Turn } from './turn.ts';

/** Unanswered requests after which a source is given up. */
const TRIES_MAX = 8;

/** Fetches [from, low) from the parent, to be put before the ring: one request per range however many ask. */
export function startBackfill(turn: Turn, group: Group, from: Sequence): void {
  if (group.backfill === undefined && group.parent?.begun === true) backfillFrom(turn, group, group.parent.handle, from);
}

/**
 * Fetches [from, low) from `source`; what another source sent before is let go.
 * It comes in pieces of `fetchBytes` that are asked for one after the other, so live frames are never far behind.
 */
export function backfillFrom(turn: Turn, group: Group, source: NodeHandle, from: Sequence): void {
  if (from >= group.ring.low) return;
  group.backfill = { source, ring: new RetentionRing(from), to: group.ring.low, retryAt: turn.now, tries: 0 };
  askBackfill(turn, group);
}

/** Takes a frame or gap of the backfill; false when it is not the next one. */
export function takeBackfill(turn: Turn, group: Group, frame: StampedFrame | GapFrame): boolean {
  const { backfill } = group;
  if (backfill === undefined) return false;
  const from = frame.type === 'gap' ? frame.from : frame.firstSequence;
  const to = frame.type === 'gap' ? frame.to : frame.firstSequence + frame.count;
  const { ring } = backfill;
  if (to > backfill.to || to <= ring.next || (ring.size === 0 ? from > ring.next : from !== ring.next)) return false;
  const before = ring.bytes;
  ring.append(frame, turn.now);
  // The piece is through: the next one.
  if (Math.floor(ring.bytes / turn.config.fetchBytes) > Math.floor(before / turn.config.fetchBytes)) backfill.retryAt = turn.now;
  else backfill.retryAt = turn.now + turn.config.fetchMs;
  backfill.tries = 0;
  if (ring.next >= backfill.to) finishBackfill(group);
  return true;
}

/** Asks for the next piece when it is time. */
export function tickBackfill(turn: Turn, group: Group): void {
  if (group.backfill === undefined || group.backfill.retryAt > turn.now) return;
  askBackfill(turn, group);
}

/** The ring below the backfill changed (truncated, restarted): what was fetched no longer fits. */
export function dropBackfill(group: Group): void {
  group.backfill = undefined;
}

function askBackfill(turn: Turn, group: Group): void {
  const { backfill } = group;
  if (backfill === undefined) return;
  backfill.retryAt = turn.now + turn.config.fetchMs;
  // The ring moved on, or the source does not answer: who still needs it asks anew.
  if (backfill.to !== group.ring.low || backfill.tries++ >= TRIES_MAX) {
    dropBackfill(group);
    return;
  }
  // The link may swallow what is sent on it.
  if (backfill.tries === TRIES_MAX / 2) turn.hangUp(backfill.source);
  if (turn.neighbors.get(backfill.source.id)?.uplink === undefined) turn.push({ type: 'dial', to: backfill.source });
  else turn.direct(backfill.source, { type: 'fetch', group: group.id, from: backfill.ring.next, to: backfill.to, bytesMax: turn.config.fetchBytes });
}

function finishBackfill(group: Group): void {
  const { backfill } = group;
  group.backfill = undefined;
  if (backfill !== undefined && backfill.to === group.ring.low) group.ring.prepend(backfill.ring.entries());
}
