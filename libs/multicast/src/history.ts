import type { LinkId } from '@banyan/kbr';
import { dropBackfill } from './backfill.ts';
import { compareEpochs, epochAt, isVoter, type Epoch, type EpochRecord, type Sequence } from './epoch.ts';
import { pump } from './feed.ts';
import type { GapFrame, MulticastFrame, StampedFrame } from './frames.ts';
import type { Group } from './group.ts';
import { rewindSubscriptions } from './subscriptions.ts';
import type { Turn } from './turn.ts';

/** Adds the newest frame or gap to this node's history and passes it on. */
export function append(turn: Turn, group: Group, frame: StampedFrame | GapFrame): void {
  group.ring.append(frame, turn.now);
  group.sawSequence(group.ring.next);
  if (frame.type === 'stamped') {
    group.sessions.record(frame, turn.now, turn.config);
    if (frame.committed > group.committed) group.committed = frame.committed;
  }
  pump(turn, group);
  evict(turn, group);
}

/** Raises the commit mark as heard in `epoch`, which must be the record's: a mark counts for one history only. */
export function commit(turn: Turn, group: Group, mark: { readonly epoch: Epoch; readonly committed: Sequence; readonly low: Sequence }): void {
  if (group.record === undefined || compareEpochs(mark.epoch, group.record.epoch) !== 0) return;
  if (mark.low > group.rootLow) group.rootLow = mark.low;
  if (mark.committed <= group.committed) return;
  group.committed = mark.committed;
  group.sawSequence(mark.committed);
  pump(turn, group);
  evict(turn, group);
}

/** Everything retained is trimmed to the group's limits; nothing that is not committed goes. */
export function evict(turn: Turn, group: Group): void {
  const { descriptor } = group;
  if (descriptor === undefined) return;
  const keepFrom = group.deliverable;
  group.ring.evict({ now: turn.now, bytesMax: descriptor.retentionBytes, ageMsMax: descriptor.retentionMs, keepFrom });
}

/**
 * Takes over a decided record that is newer than the one known: what an older branch numbered otherwise is dropped, and
 * the children are told before anything of the new epoch reaches them. True when it was newer.
 */
export function install(turn: Turn, group: Group, record: EpochRecord): boolean {
  if (group.record !== undefined && compareEpochs(record.epoch, group.record.epoch) <= 0) return false;
  group.record = record;
  group.acceptedSuccessor = undefined;
  group.rootLostAt = undefined;
  group.genesis = undefined;
  if (group.seal !== undefined && compareEpochs(group.seal.base.epoch, record.epoch) < 0) group.seal = undefined;
  if (group.catchingUp !== undefined && compareEpochs(group.catchingUp.ballot, record.epoch) <= 0) group.catchingUp = undefined;
  if (group.vouchedFor !== undefined && compareEpochs(group.vouchedFor, record.epoch) <= 0) group.vouchedFor = undefined;
  if (group.sequencer !== undefined && compareEpochs(group.sequencer.epoch, record.epoch) !== 0) group.sequencer = undefined;
  askNewRoot(turn, group, record);
  group.sawSequence(record.firstSequence);
  // Where nothing is kept by a quorum, the new epoch may number what the old one had numbered.
  if (!group.reliable) group.toldEnd = Math.min(group.toldEnd, record.firstSequence);
  dropOtherBranch(turn, group, record, Number.MAX_SAFE_INTEGER);
  for (const child of group.children.values()) child.voter = isVoter(record, child.handle);
  sendToChildren(turn, group, { type: 'epoch', group: group.id, record });
  turn.note(group.id, 'epoch_installed');
  return true;
}

/** An orphan's search goes on at the new root, not when the wait for an old answer or the next join is over. */
function askNewRoot(turn: Turn, group: Group, record: EpochRecord): void {
  const { attempt } = group;
  if (attempt === undefined || group.parent !== undefined || attempt.waitingSince !== undefined || turn.isSelf(record.root)) return;
  attempt.target = undefined;
  attempt.tried.clear();
  attempt.redirects = [record.root];
  attempt.retryAt = turn.now;
}

/** Drops the history below `limit` that `record` numbers otherwise, and everything after it. */
export function dropOtherBranch(turn: Turn, group: Group, record: EpochRecord, limit: Sequence): void {
  const mismatch = group.ring.firstMismatch(record, group.committed, limit);
  if (mismatch === undefined) return;
  turn.drop('truncated', group.ring.truncate(mismatch));
  dropBackfill(group);
  group.sessions.truncate(group.ring.next);
  group.committed = Math.min(group.committed, group.ring.next);
  for (const child of group.children.values()) child.position = Math.min(child.position, group.ring.next);
  rewindSubscriptions(turn, group, group.ring.next);
}

/** True when the history that ends in the record numbered this frame's messages in this frame's epoch. */
export function fitsRecord(group: Group, frame: StampedFrame): boolean {
  if (group.record === undefined) return false;
  const epoch = epochAt(group.record, frame.firstSequence);
  return epoch === undefined || compareEpochs(epoch, frame.epoch) === 0;
}

/** One control frame to every child that flows, in order with its data. */
export function sendToChildren(turn: Turn, group: Group, frame: MulticastFrame): void {
  const links: LinkId[] = [];
  for (const child of group.children.values()) if (child.link !== undefined) links.push(child.link);
  turn.fanOut(links, frame);
}
