import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import { removeChild } from './children.ts';
import type { Child, Group, Subscription } from './group.ts';
import { leaveParent } from './parent.ts';
import { endSubscription } from './subscriptions.ts';
import type { Turn } from './turn.ts';

/** Readers and children that have not taken everything after so long are ended all the same, and told what they miss. */
const DRAIN_MS = 30_000;

/**
 * The end of a group, from the root down: each node ends a child or a reader once that has everything. The word comes
 * with the data (`closed` is the last frame); a node that is under nobody when it learns of the end has no one to wait for.
 */
export function tickClosing(turn: Turn, group: Group): void {
  if (group.closed || group.descriptor?.closed !== true) return;
  const isFed = group.parent !== undefined && !group.sawLast;
  if (isFed) return;
  group.attempt = undefined;
  group.seal = undefined;
  group.closingAt ??= turn.now;
  const isOver = turn.now - group.closingAt >= DRAIN_MS || (group.parent === undefined && group.sequencer === undefined);
  for (const child of [...group.children.values()]) if (isOver || hasAll(group, child)) endChild(turn, group, child);
  for (const reader of [...group.subscriptions.values()]) if (isOver || hasRead(group, reader)) endReader(turn, group, reader);
  if (group.children.size === 0 && group.subscriptions.size === 0) close(turn, group);
}

/** When a closing group is looked at again; undefined while it is not closing. */
export function closingDeadline(turn: Turn, group: Group): Millis | undefined {
  return group.closingAt === undefined || group.closed ? undefined : turn.now + turn.config.beatMs;
}

/** Tells a node that asks for a place in an ended group that there is none any more. */
export function tellClosed(turn: Turn, group: Group, to: NodeHandle): void {
  const { record, descriptor } = group;
  if (record !== undefined && descriptor !== undefined) turn.direct(to, { type: 'record', group: group.id, record, descriptor });
  else turn.direct(to, { type: 'graftRefused', group: group.id, reason: 'closed', redirect: [] });
}

function hasAll(group: Group, child: Child): boolean {
  if (child.stage !== 'flowing') return true;
  return child.link !== undefined && child.position >= group.ring.next && group.deliverable >= group.ring.next;
}

function hasRead(group: Group, reader: Subscription): boolean {
  return reader.position === undefined || (reader.position >= group.ring.next && group.deliverable >= group.ring.next);
}

function endChild(turn: Turn, group: Group, child: Child): void {
  const { descriptor } = group;
  if (child.link !== undefined && descriptor !== undefined) {
    // The last commit mark goes before it.
    const { record } = group;
    if (record !== undefined) turn.fanOut([child.link], { type: 'mark', group: group.id, epoch: record.epoch, low: group.ring.low, committed: group.committed });
    turn.fanOut([child.link], { type: 'closed', group: group.id, descriptor });
  } else tellClosed(turn, group, child.handle);
  removeChild(turn, group, child);
}

function endReader(turn: Turn, group: Group, reader: Subscription): void {
  const { id, position } = reader;
  if (position !== undefined && position < group.highest) {
    turn.event({ type: 'gap', subscription: id, group: group.id, from: position, to: group.highest, reason: 'EXPIRED' });
  }
  endSubscription(turn, group, id);
  turn.event({ type: 'ended', subscription: id, group: group.id, reason: 'GROUP_CLOSED' });
}

function close(turn: Turn, group: Group): void {
  group.closed = true;
  leaveParent(turn, group);
  group.intakes.clear();
  group.ring.reset(group.ring.next);
  for (const part of ['sequencer', 'seal', 'genesis', 'attempt', 'backfill', 'fetch', 'duty', 'catchingUp'] as const) group[part] = undefined;
  turn.note(group.id, 'group_closed');
}
