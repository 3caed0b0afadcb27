import { compareDistance, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import { compareEpochs, isVoter, majorityOf, type EpochRecord } from './epoch.ts';
import type { Group } from './group.ts';
import { install } from './history.ts';
import type { EpochMessage } from './messages.ts';
import { endSubscription } from './subscriptions.ts';
import type { Turn } from './turn.ts';

/** Leaves that are asked whether a group exists. */
export const ASKED_MAX = 16;

/**
 * How a group comes to be: the owner of its key asks every near leaf whether the group exists, and only if none knows
 * it writes the first record, which counts once a majority of its voters has it. The record's uniqueness rests on the
 * ring's (one ready owner of a key); a group that must not rest on it carries its first record in the descriptor.
 */
export interface Genesis {
  readonly since: Millis;
  repeatAt: Millis;
  readonly answered: Set<Id>;
  /** Another node is at it too. */
  rivalAt?: Millis;
  proposal?: EpochRecord;
  proposedAt: Millis;
  readonly ready: Set<Id>;
}

/** Begins to find out whether the group exists. */
export function startGenesis(turn: Turn, group: Group): void {
  if (group.genesis !== undefined || group.record !== undefined || group.closed) return;
  if (group.descriptor?.firstRecord !== undefined) {
    install(turn, group, group.descriptor.firstRecord);
    return;
  }
  group.genesis = { since: turn.now, repeatAt: turn.now, answered: new Set(), proposedAt: turn.now, ready: new Set() };
  tickGenesis(turn, group);
}

/** Asks again those who did not answer; goes on when all did. */
export function tickGenesis(turn: Turn, group: Group): void {
  const { genesis } = group;
  if (genesis === undefined) return;
  if (!turn.view.isRoot(group.id)) {
    group.genesis = undefined;
    return;
  }
  if (genesis.rivalAt !== undefined) {
    if (turn.now < genesis.rivalAt) return;
    group.genesis = undefined;
    startGenesis(turn, group);
    return;
  }
  step(turn, group, genesis);
  if (group.genesis !== genesis || genesis.repeatAt > turn.now) return;
  genesis.repeatAt = turn.now + turn.config.sealRepeatMs;
  if (genesis.proposal === undefined) askLeaves(turn, group, genesis);
  else askVoters(turn, group, genesis.proposal, genesis);
}

export function genesisDeadline(genesis: Genesis): Millis {
  return genesis.rivalAt ?? genesis.repeatAt;
}

/** Somebody asks whether the group exists. `opener`: who asked first within the last seconds. */
export function onInquire(turn: Turn, group: Group | undefined, about: { readonly group: Id; readonly from: NodeHandle; readonly opener: Id }): void {
  const isRival = group?.genesis !== undefined && group.genesis.rivalAt === undefined;
  // Of two that open at once the one nearer to the key goes on.
  if (group?.genesis !== undefined && isRival && compareDistance(about.group, about.from.id, turn.self.id) < 0) yieldTo(turn, group.genesis);
  const opener = isRival && compareDistance(about.group, about.from.id, turn.self.id) > 0 ? turn.self.id : about.opener;
  turn.direct(about.from, {
    type: 'known',
    group: about.group,
    next: group?.highest ?? 1,
    ...(group?.record === undefined ? {} : { record: group.record }),
    ...(group?.descriptor === undefined ? {} : { descriptor: group.descriptor }),
    ...(opener === about.from.id ? {} : { opener }),
  });
}

/** A leaf answered. */
export function onKnown(turn: Turn, group: Group, from: NodeHandle, known: Extract<EpochMessage, { type: 'known' }>): void {
  group.sawSequence(known.next);
  if (known.record !== undefined) {
    install(turn, group, known.record);
    return;
  }
  const { genesis } = group;
  if (genesis === undefined) return;
  if (known.opener !== undefined && genesis.proposal === undefined) {
    yieldTo(turn, genesis);
    return;
  }
  const asked = new Set(leavesToAsk(turn, group).map((leaf) => leaf.id));
  if (!asked.has(from.id)) return;
  genesis.answered.add(from.id);
  for (const id of genesis.answered) if (!asked.has(id)) genesis.answered.delete(id);
  step(turn, group, genesis);
}

/** A voter of the first record has it. */
export function onGenesisCaughtUp(turn: Turn, group: Group, from: NodeHandle, message: Extract<EpochMessage, { type: 'caughtUp' }>): void {
  const { genesis } = group;
  if (genesis?.proposal === undefined || compareEpochs(message.ballot, genesis.proposal.epoch) !== 0 || !isVoter(genesis.proposal, from)) return;
  genesis.ready.add(from.id);
  step(turn, group, genesis);
}

function step(turn: Turn, group: Group, genesis: Genesis): void {
  if (genesis.proposal === undefined) {
    if (isSilent(turn, group, genesis)) propose(turn, group, genesis);
    return;
  }
  const { proposal } = genesis;
  const ready = proposal.voters.filter((voter) => genesis.ready.has(voter.id)).length;
  if (ready >= majorityOf(proposal)) open(turn, group, proposal);
  else if (turn.now - genesis.proposedAt > turn.config.sealMs) {
    group.genesis = undefined;
    startGenesis(turn, group);
  }
}

/** Nobody knows the group: everyone asked said so, or in the end most of them. */
function isSilent(turn: Turn, group: Group, genesis: Genesis): boolean {
  const asked = leavesToAsk(turn, group);
  const open = asked.filter((leaf) => !genesis.answered.has(leaf.id)).length;
  return open === 0 || (turn.now - genesis.since > turn.config.inquireMs && open * 2 < asked.length);
}

function propose(turn: Turn, group: Group, genesis: Genesis): void {
  if (group.descriptor === undefined) {
    tellUnknown(turn, group);
    return;
  }
  const voters = turn.view.replicaSet(group.id, turn.config.voters).filter((node) => turn.neighbors.stays(node) && !turn.isSelf(node));
  const { id, incarnation } = turn.self;
  genesis.proposal = {
    epoch: { counter: Math.max(1, group.counterSeen + 1), root: id, incarnation },
    root: turn.self,
    voters: [turn.self, ...voters.slice(0, turn.config.voters - 1)],
    firstSequence: 1,
    lineage: [],
  };
  genesis.proposedAt = turn.now;
  genesis.repeatAt = turn.now + turn.config.sealRepeatMs;
  askVoters(turn, group, genesis.proposal, genesis);
}

function open(turn: Turn, group: Group, record: EpochRecord): void {
  const { descriptor } = group;
  install(turn, group, record);
  if (descriptor === undefined) return;
  for (const voter of record.voters) if (!turn.isSelf(voter)) turn.direct(voter, { type: 'record', group: group.id, record, descriptor });
}

/** Nobody brought a descriptor: those who wait are told that there is no such group. */
function tellUnknown(turn: Turn, group: Group): void {
  group.genesis = undefined;
  for (const { node } of group.waiting.values()) turn.direct(node, { type: 'noSuchGroup', group: group.id });
  for (const child of group.children.values()) {
    turn.direct(child.handle, { type: 'graftRefused', group: group.id, reason: 'unknown-group', redirect: [] });
    turn.neighbors.get(child.handle.id)?.childIn.delete(group.id);
  }
  group.waiting.clear();
  group.children.clear();
  for (const { id } of [...group.subscriptions.values()]) {
    turn.event({ type: 'subscribeFailed', subscription: id, group: group.id, reason: 'UNKNOWN_GROUP' });
    endSubscription(turn, group, id);
  }
  group.attempt = undefined;
}

function yieldTo(turn: Turn, genesis: Genesis): void {
  genesis.rivalAt = turn.now + turn.jittered(turn.config.openerMs);
}

function leavesToAsk(turn: Turn, group: Group): readonly NodeHandle[] {
  return turn.view.replicaSet(group.id, ASKED_MAX + 1).filter((node) => !turn.isSelf(node) && !turn.neighbors.isDead(node));
}

function askLeaves(turn: Turn, group: Group, genesis: Genesis): void {
  for (const leaf of leavesToAsk(turn, group)) if (!genesis.answered.has(leaf.id)) turn.direct(leaf, { type: 'inquire', group: group.id });
}

function askVoters(turn: Turn, group: Group, record: EpochRecord, genesis: Genesis): void {
  const { descriptor } = group;
  if (descriptor === undefined) return;
  for (const voter of record.voters) {
    if (!genesis.ready.has(voter.id)) turn.direct(voter, { type: 'catchUp', group: group.id, ballot: record.epoch, record, descriptor });
  }
}
