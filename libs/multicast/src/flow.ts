import type { NodeHandle } from '@banyan/kbr';
import { takeBackfill } from './backfill.ts';
import { compareEpochs } from './epoch.ts';
import type { GapFrame, MulticastFrame, StampedFrame } from './frames.ts';
import type { Group, Parent } from './group.ts';
import { append, commit, evict, fitsRecord, install, sendToChildren } from './history.ts';
import type { DownBeat } from './messages.ts';
import { leaveSwallower } from './parent.ts';
import { frameCost } from './retention-ring.ts';
import type { Turn } from './turn.ts';

/** Opens the data link to the parent, or starts the flow when it is open already. */
export function openFlow(turn: Turn, group: Group): void {
  const { parent } = group;
  if (parent === undefined) return;
  if (turn.neighbors.get(parent.handle.id)?.uplink !== undefined) {
    resume(turn, group);
    return;
  }
  if (!parent.dialling) parent.dialledAt = turn.now;
  parent.dialling = true;
  parent.begun = false;
  turn.push({ type: 'dial', to: parent.handle });
}

/** Asks the parent for everything from `next` on, as a new flow. */
export function resume(turn: Turn, group: Group): void {
  const { parent } = group;
  if (parent === undefined) return;
  parent.flow = ++group.flow;
  parent.begun = false;
  parent.dialling = false;
  parent.receivedBytes = 0;
  parent.grantedBytes = turn.config.flowWindowBytes;
  parent.behindSince = undefined;
  sayResume(turn, group, parent);
}

/** Says an unanswered resume again. */
export function tickFlow(turn: Turn, group: Group): void {
  const { parent } = group;
  if (parent === undefined || parent.begun || parent.dialling || parent.resumeAt > turn.now) return;
  sayResume(turn, group, parent);
}

/** A frame of this group came in over a link that this node dialled. */
export function onFrame(turn: Turn, group: Group, from: NodeHandle, frame: Exclude<MulticastFrame, { type: 'batch' }>): void {
  const isParent = group.parent?.handle.id === from.id;
  switch (frame.type) {
    case 'stamped':
    case 'gap':
      onHistory(turn, group, from, frame);
      return;
    case 'begin':
      if (isParent && group.parent?.flow === frame.flow) onBegin(turn, group, group.parent, frame);
      return;
    case 'mark':
      if (!isParent) return;
      commit(turn, group, frame);
      // The same object goes on: the shell passes the buffer on.
      if (group.record !== undefined && compareEpochs(frame.epoch, group.record.epoch) === 0) sendToChildren(turn, group, frame);
      return;
    case 'epoch':
      if (!isParent) return;
      install(turn, group, frame.record);
      return;
    case 'sessions':
      if (isParent) group.sessions.adopt(frame.sessions, group.ring.next, turn.now, turn.config);
      return;
    case 'closed':
      // Handled by the dispatcher, which ends the group.
      return;
  }
}

/**
 * What the parent says about the flow: a child that gets nothing although there is more, or not even the beginning (a link
 * may swallow what is sent on it), opens the link again, then moves. A dial that hangs while the parent beats is no better.
 */
export function watchFlow(turn: Turn, group: Group, beat: DownBeat): void {
  const { parent } = group;
  if (parent === undefined) return;
  if (parent.dialling) {
    if (turn.now - parent.dialledAt >= turn.config.dialMs) leaveSwallower(turn, group, parent);
    return;
  }
  if (parent.begun && beat.sent <= group.ring.next) {
    parent.behindSince = undefined;
    return;
  }
  parent.behindSince ??= turn.now;
  if (turn.now - parent.behindSince < turn.config.flowStallMs) return;
  if (parent.reopened) {
    leaveSwallower(turn, group, parent);
    return;
  }
  parent.reopened = true;
  turn.hangUp(parent.handle);
  openFlow(turn, group);
  turn.note(group.id, 'flow_reopened');
}

function onBegin(turn: Turn, group: Group, parent: Parent, begin: Extract<MulticastFrame, { type: 'begin' }>): void {
  parent.begun = true;
  parent.behindSince = undefined;
  parent.receivedBytes = 0;
  install(turn, group, begin.record);
  commit(turn, group, { epoch: begin.record.epoch, committed: begin.committed, low: begin.low });
  // The parent's record showed that our newest history belongs to a lost branch: ask again from where it was cut.
  if (group.ring.next < begin.from) resume(turn, group);
}

function onHistory(turn: Turn, group: Group, from: NodeHandle, frame: StampedFrame | GapFrame): void {
  const { parent, fetch, backfill, ring } = group;
  const fromParent = parent?.handle.id === from.id;
  if (fromParent && parent !== undefined) countReceived(turn, group, parent, frameCost(frame));
  if (!fromParent && fetch?.source.id !== from.id && backfill?.source.id !== from.id) {
    // A flow of a parent that was left ends when it hears of it.
    turn.drop('not_parent');
    return;
  }
  if (frame.type === 'stamped' && !fitsRecord(group, frame)) {
    turn.drop('stale_epoch');
    return;
  }
  const first = frame.type === 'gap' ? frame.from : frame.firstSequence;
  const end = frame.type === 'gap' ? frame.to : frame.firstSequence + frame.count;
  if (end <= ring.next) {
    if (takeBackfill(turn, group, frame)) evict(turn, group);
    else turn.drop('duplicate');
    return;
  }
  if (first > ring.next) {
    turn.drop('hole');
    if (fromParent && parent?.begun === true && parent.resumeAt <= turn.now) resume(turn, group);
    return;
  }
  if (parent !== undefined && fromParent) {
    parent.behindSince = undefined;
    parent.reopened = false;
  }
  append(turn, group, fitted(turn, group, frame));
}

/**
 * What overlaps the end of history counts from there. Frames are never cut: where the beginning of one was lost here, in a group
 * that may lose, since an epoch began in the middle of it, the rest is lost, too. In a reliable group no epoch begins there.
 */
function fitted(turn: Turn, group: Group, frame: StampedFrame | GapFrame): StampedFrame | GapFrame {
  const { next } = group.ring;
  if (frame.type === 'gap') return frame.from < next ? { ...frame, from: next } : frame;
  if (frame.firstSequence === next || group.reliable) return frame;
  const to = frame.firstSequence + frame.count;
  turn.drop('hole', to - next);
  return { type: 'gap', group: group.id, from: next, to, reason: 'DROPPED' };
}

function countReceived(turn: Turn, group: Group, parent: Parent, cost: number): void {
  parent.receivedBytes += cost;
  const window = turn.config.flowWindowBytes;
  if (parent.grantedBytes - parent.receivedBytes > window / 2) return;
  parent.grantedBytes = parent.receivedBytes + window;
  turn.direct(parent.handle, { type: 'credit', group: group.id, flow: parent.flow, creditBytes: parent.grantedBytes });
}

function sayResume(turn: Turn, group: Group, parent: Parent): void {
  parent.resumeAt = turn.now + turn.config.graftMs;
  turn.direct(parent.handle, { type: 'resume', group: group.id, flow: parent.flow, next: group.ring.next, creditBytes: parent.grantedBytes });
}
