import type { Millis } from '@banyan/sansio';
import { earliest } from '@banyan/sansio';
import { tickBackfill } from './backfill.ts';
import { expireChildren, grantPending, renewBackups } from './children.ts';
import { closingDeadline, tickClosing } from './closing.ts';
import { openIntake, closeIntakes, grantAll, reopenIntakes } from './intake.ts';
import { pump } from './feed.ts';
import { tickFetch } from './fetch.ts';
import { tickFlow } from './flow.ts';
import { certify } from './coverage.ts';
import { genesisDeadline, tickGenesis } from './genesis.ts';
import type { EpochRecord } from './epoch.ts';
import type { Group } from './group.ts';
import { evict } from './history.ts';
import { startReaders } from './locate.ts';
import { leaveParent, seek, tickParent } from './parent.ts';
import { sealDeadline, startSeal, tickSeal } from './seal.ts';
import { moveSlowChildren } from './slow-children.ts';
import { tickSlowReaders } from './slow-readers.ts';
import { advanceCommit, newSequencer, tickSequencer } from './sequencer.ts';
import { expireSubscriptions } from './subscriptions.ts';
import { successionAt, tickDuty, tickSuccession, upkeepElectorate } from './succession.ts';
import { acknowledge, tickCatchUp } from './voter.ts';
import type { Turn } from './turn.ts';

/**
 * Makes this node's part in the group follow from what it knows, after every input: root or not, in the tree or not.
 * Level-triggered, so no path of messages can leave a node with a record that names it root and no sequencer.
 */
export function settle(turn: Turn, group: Group): void {
  if (group.closed) return;
  tickClosing(turn, group);
  if (group.closed) return;
  if (group.upkeepAt <= turn.now) upkeep(turn, group);
  if (group.isRoot(turn)) {
    if (group.sequencer === undefined) followRecord(turn, group, group.record);
  } else {
    if (group.intakes.size > 0) closeIntakes(turn, group);
    takePlace(turn, group);
  }
  certify(turn, group);
  acknowledge(turn, group);
  answerWaiting(turn, group);
}

/** Everything of this group whose time has come. */
export function tickGroup(turn: Turn, group: Group): void {
  if (group.closed) return;
  tickParent(turn, group);
  tickFlow(turn, group);
  tickBackfill(turn, group);
  tickFetch(turn, group);
  tickGenesis(turn, group);
  tickSeal(turn, group);
  tickCatchUp(turn, group);
  tickSuccession(turn, group);
  tickDuty(turn, group);
  tickSlowReaders(turn, group);
  if (group.sequencer !== undefined) tickSequencer(turn, group, group.sequencer);
  if (group.pumpAt !== undefined && group.pumpAt <= turn.now) {
    group.pumpAt = undefined;
    pump(turn, group);
  }
}

/** When the group next needs a tick. */
export function groupDeadline(turn: Turn, group: Group): Millis {
  const { parent, sequencer } = group;
  // Nothing happens in a group that ended, until it is forgotten.
  if (group.closed) return (group.idleSince ?? turn.now) + turn.config.lingerMs;
  // Beats touch the group twice a second, and upkeep goes with them: but for a root an alarm of its own is for when they fail.
  let next = sequencer === undefined ? group.upkeepAt + turn.config.upkeepMs : Math.min(group.upkeepAt, sequencer.roundAt, sequencer.markAt ?? Infinity);
  if (parent !== undefined && !parent.begun && !parent.dialling) next = Math.min(next, parent.resumeAt);
  if (group.ackDueAt !== undefined) next = Math.min(next, group.ackDueAt);
  if (group.pumpAt !== undefined) next = Math.min(next, group.pumpAt);
  if (group.slowLookAt !== undefined) next = Math.min(next, group.slowLookAt);
  if (!isAtRest(group)) next = Math.min(next, changeDeadline(turn, group));
  return Math.max(turn.now + 1, Math.min(next, successionAt(turn, group) ?? Infinity));
}

/** Nothing is sought, fetched or decided here. */
function isAtRest({ attempt, backfill, fetch, seal, genesis, catchingUp, duty, closingAt }: Group): boolean {
  const none = attempt === undefined && backfill === undefined && fetch === undefined && seal === undefined;
  return none && genesis === undefined && catchingUp === undefined && duty === undefined && closingAt === undefined;
}

function changeDeadline(turn: Turn, group: Group): Millis {
  const { attempt, backfill, fetch, seal, genesis, catchingUp, duty } = group;
  const next = earliest(
    attempt?.retryAt,
    backfill?.retryAt,
    fetch?.retryAt,
    seal === undefined ? undefined : sealDeadline(turn, seal),
    genesis === undefined ? undefined : genesisDeadline(genesis),
    catchingUp === undefined ? undefined : turn.now + turn.config.fetchMs,
    duty?.lookAt,
    closingDeadline(turn, group),
  );
  return next ?? Infinity;
}

/** True when nothing here has needed the group for a while: it may be forgotten. */
export function isIdle(turn: Turn, group: Group): boolean {
  const isBusy = group.wanted(turn) || group.genesis !== undefined || group.waiting.size > 0 || group.catchingUp !== undefined;
  if (isBusy) group.idleSince = undefined;
  else group.idleSince ??= turn.now;
  return group.idleSince !== undefined && turn.now - group.idleSince >= turn.config.lingerMs;
}

/** The record names this life of this node root: it numbers from here on, if it holds what was decided before. */
function followRecord(turn: Turn, group: Group, record: EpochRecord | undefined): void {
  if (record === undefined) return;
  group.start(group.reliable ? 1 : record.firstSequence);
  if (group.reliable && group.ring.next < record.firstSequence) startSeal(turn, group);
  else assumeRoot(turn, group, record);
}

function assumeRoot(turn: Turn, group: Group, record: EpochRecord): void {
  leaveParent(turn, group);
  group.moves++;
  group.duty = undefined;
  group.catchingUp = undefined;
  if (group.ring.next < record.firstSequence) {
    const { next } = group.ring;
    group.ring.append({ type: 'gap', group: group.id, from: next, to: record.firstSequence, reason: 'LOST_STATE' }, turn.now);
  }
  // The record was decided only after a majority of its voters held everything below its first sequence.
  group.committed = Math.max(group.committed, record.firstSequence);
  group.sessions.rebuild(group.ring.entries(), turn.now, turn.config);
  group.sequencer = newSequencer(turn, group, record.epoch);
  group.accepted = { epoch: record.epoch, round: group.sequencer.round };
  group.rootLow = group.ring.low;
  group.sealTries = 0;
  turn.note(group.id, 'epoch_opened');
  advanceCommit(turn, group, group.sequencer);
  evict(turn, group);
  pump(turn, group);
  grantPending(turn, group);
  startReaders(turn, group);
  reopenIntakes(turn, group);
}

/** In the tree if anything needs it, and a voter directly under the root. */
function takePlace(turn: Turn, group: Group): void {
  const { record, parent, attempt } = group;
  if (attempt !== undefined || group.leaving || group.closingAt !== undefined) return;
  if (parent === undefined) {
    if (group.wanted(turn) && group.genesis === undefined) seek(turn, group);
    return;
  }
  if (record === undefined || turn.now < group.moveAt || turn.neighbors.isDead(record.root)) return;
  const hasDuty = (group.isVoter(turn) || group.duty !== undefined) && !group.avoids(turn, record.root.id);
  if (hasDuty && parent.handle.id !== record.root.id && group.rootLostAt === undefined) seek(turn, group, [record.root]);
}

function answerWaiting(turn: Turn, group: Group): void {
  const { record, descriptor } = group;
  if (group.waiting.size === 0 || record === undefined || descriptor === undefined) return;
  for (const { node, answer } of [...group.waiting.values()]) {
    if (answer === 'rootIs' && group.sequencer !== undefined) openIntake(turn, group, node);
    else turn.direct(node, { type: answer, group: group.id, record, descriptor });
  }
  group.waiting.clear();
}

function upkeep(turn: Turn, group: Group): void {
  group.upkeepAt = turn.now + turn.jittered(turn.config.upkeepMs);
  expireChildren(turn, group);
  renewBackups(turn, group);
  moveSlowChildren(turn, group);
  expireSubscriptions(turn, group);
  startReaders(turn, group);
  evict(turn, group);
  pump(turn, group);
  group.roster.forget(turn.now - turn.config.rosterMemoryMs);
  group.sessions.prune(turn.now, turn.config.receiptMemoryMs);
  for (const [key, asker] of group.waiting) if (turn.now - asker.since > turn.config.rootSearchMs) group.waiting.delete(key);
  if (group.sequencer === undefined) return;
  group.rootLow = group.ring.low;
  upkeepElectorate(turn, group, group.sequencer);
  grantAll(turn, group);
}
