import type { NodeHandle } from '@banyan/kbr';
import { sameIncarnation } from '@banyan/kbr';
import { compareEpochs, isVoter, type EpochRecord } from './epoch.ts';
import { startFetch } from './fetch.ts';
import type { Group } from './group.ts';
import { dropOtherBranch, install } from './history.ts';
import type { EpochMessage } from './messages.ts';
import type { Turn } from './turn.ts';

type Prepare = Extract<EpochMessage, { type: 'prepare' }>;

/**
 * The acceptor's half of the decision who numbers a group next: a promise fences this voter off every older epoch, an
 * acceptance binds it to a successor of the record it has.
 * Source: Lamport, "Paxos Made Simple" 2001, one instance per record; its acceptors are the voters of the record before.
 */
export function onPrepare(turn: Turn, group: Group, from: NodeHandle, prepare: Prepare): void {
  const { ballot, record } = prepare;
  group.counterSeen = Math.max(group.counterSeen, ballot.counter);
  if (group.record === undefined || compareEpochs(record.epoch, group.record.epoch) > 0) install(turn, group, record);
  const known = group.record ?? record;
  // As if it had been lost: who is right asks again, and others lose their root as well before long.
  if (group.reliable && isStranger(turn, group, from, known) && hearsRoot(turn, group, known)) {
    turn.drop('root_lives');
    return;
  }
  if (compareEpochs(known.epoch, record.epoch) > 0 || !isVoter(known, turn.self)) {
    refuse(turn, group, from, prepare);
    return;
  }
  if (group.promised !== undefined && compareEpochs(ballot, group.promised) < 0) {
    refuse(turn, group, from, prepare);
    return;
  }
  if (group.promised === undefined || compareEpochs(ballot, group.promised) > 0) group.promisedAt = turn.now;
  group.promised = ballot;
  const { low, next } = group.ring;
  const accepted = group.acceptedSuccessor === undefined ? {} : { accepted: group.acceptedSuccessor };
  turn.direct(from, { type: 'promise', group: group.id, ballot, low, next, committed: group.committed, ...accepted });
}

/** Neither the root, nor this node, nor one that the root may have invited to follow it. */
function isStranger(turn: Turn, group: Group, from: NodeHandle, record: EpochRecord): boolean {
  if (turn.isSelf(from) || from.id === record.root.id || turn.neighbors.isDeparting(record.root)) return false;
  return turn.view.replicaSet(group.id, 1)[0]?.id !== from.id;
}

/**
 * The root is this node, or its parent, and was heard a moment ago: one that only the proposer cannot hear needs no successor.
 * Source: Ongaro, "Consensus: Bridging Theory and Practice" 2014, §4.2.3, disruptive servers.
 */
function hearsRoot(turn: Turn, group: Group, record: EpochRecord): boolean {
  if (group.fenced) return false;
  if (group.sequencer !== undefined) return true;
  const root = turn.neighbors.get(record.root.id);
  const isSound = group.parent?.begun === true && sameIncarnation(group.parent.handle, record.root) && group.rootLostAt === undefined;
  return isSound && root !== undefined && turn.now - root.heardAt < 2 * turn.config.beatMs;
}

/** A voter that this node does not know to be one, or has no memory of the group: never a promise. */
export function refuseUnknown(turn: Turn, from: NodeHandle, prepare: Prepare): void {
  turn.direct(from, { type: 'refuse', group: prepare.group, ballot: prepare.ballot, restarted: isOlderSelf(turn, prepare.record), next: 1 });
}

/** Binds this voter to a successor of its record. */
export function onAccept(turn: Turn, group: Group, from: NodeHandle, accept: Extract<EpochMessage, { type: 'accept' }>): void {
  const { record } = group;
  const { ballot, proposal } = accept;
  if (record === undefined) return;
  if (compareEpochs(record.epoch, proposal.epoch) === 0) {
    turn.direct(from, { type: 'accepted', group: group.id, ballot });
    return;
  }
  const isCurrent = compareEpochs(record.epoch, accept.after) === 0 && isVoter(record, turn.self);
  if (!isCurrent || (group.promised !== undefined && compareEpochs(ballot, group.promised) < 0)) {
    refuse(turn, group, from, accept);
    return;
  }
  group.promised = ballot;
  group.promisedAt = turn.now;
  group.acceptedSuccessor = { ballot, record: proposal };
  turn.direct(from, { type: 'accepted', group: group.id, ballot });
}

/** This node is to become a voter of the proposed record: it fetches what it lacks below the record's first sequence. */
export function onCatchUp(turn: Turn, group: Group, from: NodeHandle, catchUp: Extract<EpochMessage, { type: 'catchUp' }>): void {
  const { ballot, record } = catchUp;
  group.counterSeen = Math.max(group.counterSeen, ballot.counter);
  if (group.record !== undefined && compareEpochs(group.record.epoch, record.epoch) >= 0) {
    refuse(turn, group, from, catchUp);
    return;
  }
  // A leaving voter stays one until others replaced it; it becomes none anew.
  if (!isVoter(record, turn.self) || (group.leaving && !group.isVoter(turn))) return;
  if (group.catchingUp !== undefined && compareEpochs(group.catchingUp.ballot, ballot) > 0) return;
  group.start(1);
  group.catchingUp = { ballot, record, proposer: from, since: group.catchingUp?.since ?? turn.now };
  // What the sealed history numbered otherwise was never committed; the rest of it comes from the proposer.
  dropOtherBranch(turn, group, record, record.firstSequence);
  tickCatchUp(turn, group);
}

/** Says so once everything below the proposed record's first sequence is here. */
export function tickCatchUp(turn: Turn, group: Group): void {
  const { catchingUp } = group;
  if (catchingUp === undefined) return;
  const { ballot, record, proposer, since } = catchingUp;
  if (turn.now - since > 2 * turn.config.sealMs) {
    group.catchingUp = undefined;
    return;
  }
  if (group.ring.next >= record.firstSequence) {
    if (group.vouchedFor === undefined || compareEpochs(group.vouchedFor, ballot) < 0) group.vouchedFor = ballot;
    turn.direct(proposer, { type: 'caughtUp', group: group.id, ballot, next: group.ring.next });
  } else if (group.fetch?.source.id !== proposer.id) startFetch(turn, group, proposer, record.firstSequence);
}

/** A voter acknowledges what it holds, at most once a millisecond. */
export function acknowledge(turn: Turn, group: Group): void {
  const { record, ring } = group;
  if (record === undefined || group.fenced || group.sequencer !== undefined || !isVoter(record, turn.self)) return;
  const isTold = group.ackedEpoch !== undefined && compareEpochs(group.ackedEpoch, record.epoch) === 0 && group.ackedNext >= ring.next;
  if (isTold || ring.next < record.firstSequence) return;
  if (group.ackedAt === turn.now) {
    group.ackDueAt = turn.now + 1;
    return;
  }
  group.ackedAt = turn.now;
  group.ackedNext = ring.next;
  group.ackedEpoch = record.epoch;
  group.ackDueAt = undefined;
  turn.direct(record.root, { type: 'voterAck', group: group.id, epoch: record.epoch, next: ring.next });
}

function refuse(turn: Turn, group: Group, to: NodeHandle, about: { readonly ballot: Prepare['ballot']; readonly record?: EpochRecord }): void {
  const { record, promised } = group;
  turn.direct(to, {
    type: 'refuse',
    group: group.id,
    ballot: about.ballot,
    restarted: about.record !== undefined && isOlderSelf(turn, about.record),
    next: group.highest,
    ...(promised === undefined ? {} : { promised }),
    ...(record === undefined ? {} : { record }),
  });
}

/** The record names an earlier life of this node: it lost its memory since. */
function isOlderSelf(turn: Turn, record: EpochRecord): boolean {
  return record.voters.some((voter) => voter.id === turn.self.id && voter.incarnation < turn.self.incarnation);
}
