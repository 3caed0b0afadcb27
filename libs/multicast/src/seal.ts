import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import { compareEpochs, extendLineage, isVoter, majorityOf, type Epoch, type EpochRecord, type Sequence } from './epoch.ts';
import { backfillFrom } from './backfill.ts';
import { startFetch } from './fetch.ts';
import type { Group } from './group.ts';
import { evict, install } from './history.ts';
import type { EpochMessage } from './messages.ts';
import { nextVoters, type ElectorateChange, type Poll } from './next-voters.ts';
import type { Turn } from './turn.ts';

type PromiseMessage = Extract<EpochMessage, { type: 'promise' }>;

/** How far a group that lost its state jumps ahead of everything seen. */
const LOST_STATE_STEP: Sequence = 2 ** 20;
const NO_CHANGE: ElectorateChange = { learners: [], replaced: [] };
/** Others are waited for no longer than this part of a seal's patience. */
const GRACE_SHARE = 4;
/** Doublings of the wait between two seals of one node. */
const BACKOFF_MAX = 4;

/**
 * The proposer's half of the decision: this node wants to number the group.
 * prepare: a majority of the last record's voters promises; adopt: the longest of their histories is fetched;
 * catchUp: a majority of the new voters holds it; accept: a majority of the old voters lets the new record follow.
 */
export interface Seal extends Poll {
  readonly ballot: Epoch;
  /** The record that is to be followed. */
  readonly base: EpochRecord;
  phase: 'prepare' | 'adopt' | 'catchUp' | 'accept';
  readonly promises: Map<string, { readonly from: NodeHandle; readonly promise: PromiseMessage }>;
  readonly restarted: Set<string>;
  proposal?: EpochRecord;
  readonly caughtUp: Set<string>;
  readonly accepted: Set<string>;
  readonly since: Millis;
  /** When the present phase began, and when a majority had answered in it. */
  phaseAt: Millis;
  majorityAt: Millis | undefined;
  /** From where to where the promised histories go together. */
  fetchFrom: Sequence;
  fetchTo: Sequence;
  repeatAt: Millis;
}

/** Begins to seal the last record; does nothing while one seal is under way or none may be tried yet. */
export function startSeal(turn: Turn, group: Group, change = NO_CHANGE): void {
  const { record } = group;
  if (record === undefined || group.seal !== undefined || turn.now < group.sealAt || group.closed || group.leaving) return;
  const counters = [record.epoch.counter, group.counterSeen, group.promised?.counter ?? 0, group.accepted?.epoch.counter ?? 0];
  const ballot = { counter: Math.max(...counters) + 1, root: turn.self.id, incarnation: turn.self.incarnation };
  group.counterSeen = ballot.counter;
  group.seal = {
    ballot,
    base: record,
    phase: 'prepare',
    promises: new Map(),
    restarted: new Set(),
    ...change,
    caughtUp: new Set(),
    accepted: new Set(),
    since: turn.now,
    fetchFrom: 0,
    fetchTo: 0,
    phaseAt: turn.now,
    majorityAt: undefined,
    repeatAt: turn.now,
  };
  turn.note(group.id, 'seal_started');
  tickSeal(turn, group);
}

/** Repeats what is unanswered, and gives up in time. */
export function tickSeal(turn: Turn, group: Group): void {
  const { seal } = group;
  if (seal === undefined) return;
  if (turn.now - seal.since >= turn.config.sealMs) {
    abandon(turn, group, 'seal_timeout');
    return;
  }
  step(turn, group, seal);
  if (group.seal !== seal || seal.repeatAt > turn.now) return;
  seal.repeatAt = turn.now + turn.config.sealRepeatMs;
  repeat(turn, group, seal);
}

export function onPromise(turn: Turn, group: Group, from: NodeHandle, promise: PromiseMessage): void {
  const { seal } = group;
  if (seal === undefined || seal.phase !== 'prepare' || !isBallotOf(seal, promise) || !isVoter(seal.base, from)) return;
  seal.promises.set(from.id, { from, promise });
  if (!seal.promises.has(turn.self.id) && isCarried(turn, group, seal)) repeat(turn, group, seal);
  group.sawSequence(promise.next);
  step(turn, group, seal);
}

export function onRefuse(turn: Turn, group: Group, from: NodeHandle, refuse: Extract<EpochMessage, { type: 'refuse' }>): void {
  group.sawSequence(refuse.next);
  // A newer record was decided: this node follows it instead.
  if (refuse.record !== undefined && install(turn, group, refuse.record)) return;
  const { seal } = group;
  if (seal === undefined || !isBallotOf(seal, refuse)) return;
  if (refuse.promised !== undefined && compareEpochs(refuse.promised, seal.ballot) > 0) {
    group.counterSeen = Math.max(group.counterSeen, refuse.promised.counter);
    abandon(turn, group, 'seal_outbid');
    return;
  }
  if (!refuse.restarted || !seal.base.voters.some((voter) => voter.id === from.id)) return;
  seal.restarted.add(from.id);
  step(turn, group, seal);
}

export function onCaughtUp(turn: Turn, group: Group, from: NodeHandle, message: Extract<EpochMessage, { type: 'caughtUp' }>): void {
  const { seal } = group;
  if (seal?.phase !== 'catchUp' || !isBallotOf(seal, message) || seal.proposal === undefined || !isVoter(seal.proposal, from)) return;
  seal.caughtUp.add(from.id);
  step(turn, group, seal);
}

export function onAccepted(turn: Turn, group: Group, from: NodeHandle, message: Extract<EpochMessage, { type: 'accepted' }>): void {
  const { seal } = group;
  if (seal?.phase !== 'accept' || !isBallotOf(seal, message) || !isVoter(seal.base, from)) return;
  seal.accepted.add(from.id);
  step(turn, group, seal);
}

/** Goes on to the next phase when this one has what it needs. */
function step(turn: Turn, group: Group, seal: Seal): void {
  switch (seal.phase) {
    case 'prepare':
      if (hasEnoughPromises(turn, group, seal)) adopt(turn, group, seal);
      else if (isAllForgotten(seal)) reopen(turn, group, seal);
      return;
    case 'adopt':
      if (isWhole(group, seal) || isFetchHopeless(turn, group, seal)) enter(turn, group, seal, 'catchUp');
      else keepFetching(turn, group, seal);
      return;
    case 'catchUp':
      if (seal.proposal !== undefined && isBorne(turn, seal, seal.proposal)) enter(turn, group, seal, 'accept');
      return;
    case 'accept':
      if (countOf(seal.base, seal.accepted) >= majorityOf(seal.base) || isAllForgotten(seal)) decide(turn, group, seal);
      return;
  }
}

/** A reliable group needs a majority, and waits a moment for the others; elsewhere whoever answers in time counts. */
function hasEnoughPromises(turn: Turn, group: Group, seal: Seal): boolean {
  const answered = seal.promises.size;
  if (answered === seal.base.voters.length) return true;
  if (!group.reliable) return turn.now - seal.since >= turn.config.openMs || answered + countDead(turn, seal) >= seal.base.voters.length;
  if (answered < majorityOf(seal.base)) return false;
  return answered + countDead(turn, seal) >= seal.base.voters.length || isGraceOver(turn, seal);
}

/**
 * A majority of the new voters holds the history, and the others, unless they were silent before, had their time: for a record
 * bears as many deaths as the last one only if those named in it live.
 */
function isBorne(turn: Turn, seal: Seal, proposal: EpochRecord): boolean {
  if (countOf(proposal, seal.caughtUp) < majorityOf(proposal)) return false;
  const awaited = proposal.voters.filter((voter) => seal.promises.has(voter.id) || !isVoter(seal.base, voter));
  return awaited.every((voter) => seal.caughtUp.has(voter.id) || turn.neighbors.isDead(voter)) || isGraceOver(turn, seal);
}

/** Those who have not answered yet had as long again as the majority took. */
function isGraceOver(turn: Turn, seal: Seal): boolean {
  seal.majorityAt ??= turn.now;
  return turn.now >= (graceEndsAt(turn, seal) ?? Infinity);
}

function graceEndsAt({ config }: Turn, { majorityAt, phaseAt }: Seal): Millis | undefined {
  if (majorityAt === undefined) return undefined;
  return majorityAt + Math.max(config.sealGraceMs, Math.min(majorityAt - phaseAt, config.sealMs / GRACE_SHARE));
}

/** The longest history of those that promised is the group's; all of them are prefixes of one another. */
function adopt(turn: Turn, group: Group, seal: Seal): void {
  const promises = [...seal.promises.values()];
  const bound = promises.map(({ promise }) => promise.accepted).filter((accepted) => accepted !== undefined);
  bound.sort((a, b) => compareEpochs(b.ballot, a.ballot));
  const decided = bound[0]?.record;
  if (decided !== undefined && group.reliable) {
    // A successor may have been decided already: it must be this one and no other.
    seal.proposal = decided;
    enter(turn, group, seal, 'accept');
    return;
  }
  promises.sort((a, b) => b.promise.next - a.promise.next);
  group.start(1);
  seal.fetchTo = promises[0]?.promise.next ?? group.ring.next;
  seal.fetchFrom = Math.min(group.ring.low, ...promises.map(({ promise }) => promise.low));
  group.committed = Math.max(group.committed, ...promises.map(({ promise }) => promise.committed));
  evict(turn, group);
  // Without a quorum the survivors may know less than some reader was given: go on above that.
  const firstSequence = group.reliable ? seal.fetchTo : Math.max(seal.fetchTo, group.ring.next, group.highest);
  seal.proposal = propose(turn, group, seal, firstSequence);
  begin(turn, seal, 'adopt');
  step(turn, group, seal);
}

/** Every voter lost its memory: the group goes on above everything that anyone still running has seen. */
function reopen(turn: Turn, group: Group, seal: Seal): void {
  if (!turn.view.isRoot(group.id) || turn.now - seal.since < turn.config.openMs) return;
  const firstSequence = group.highest + LOST_STATE_STEP;
  group.start(group.highest);
  seal.proposal = propose(turn, group, seal, firstSequence);
  group.ring.append({ type: 'gap', group: group.id, from: group.ring.next, to: firstSequence, reason: 'LOST_STATE' }, turn.now);
  turn.note(group.id, 'state_lost');
  enter(turn, group, seal, 'catchUp');
}

function enter(turn: Turn, group: Group, seal: Seal, phase: 'catchUp' | 'accept'): void {
  // Without a quorum there is nobody to bind.
  if (!group.reliable) {
    decide(turn, group, seal);
    return;
  }
  begin(turn, seal, phase);
  seal.repeatAt = turn.now + turn.config.sealRepeatMs;
  repeat(turn, group, seal);
  step(turn, group, seal);
}

function begin(turn: Turn, seal: Seal, phase: Seal['phase']): void {
  seal.phase = phase;
  seal.phaseAt = turn.now;
  seal.majorityAt = undefined;
}

/** The record is decided: everybody concerned is told; this node's part in it follows from the record. */
function decide(turn: Turn, group: Group, seal: Seal): void {
  const { proposal } = seal;
  const { descriptor } = group;
  group.seal = undefined;
  group.sealAt = turn.now + turn.jittered(turn.config.candidateStepMs);
  if (proposal === undefined || descriptor === undefined) return;
  install(turn, group, proposal);
  const told = new Map([...seal.base.voters, ...proposal.voters, seal.base.root, proposal.root].map((node) => [node.id, node]));
  for (const node of told.values()) {
    if (!turn.isSelf(node)) turn.direct(node, { type: 'record', group: group.id, record: proposal, descriptor });
  }
}

function abandon(turn: Turn, group: Group, why: string): void {
  group.seal = undefined;
  group.fetch = undefined;
  group.sealTries = Math.min(BACKOFF_MAX, group.sealTries + 1);
  group.sealAt = turn.now + turn.jittered(turn.config.candidateStepMs * group.sealTries);
  turn.note(group.id, why);
}

/** When the seal next needs a look. */
export function sealDeadline(turn: Turn, seal: Seal): Millis {
  const { sealMs, openMs } = turn.config;
  const waits = [seal.repeatAt, seal.since + sealMs, seal.since + openMs, seal.phaseAt + openMs, graceEndsAt(turn, seal) ?? Infinity];
  return Math.min(...waits.filter((at) => at > turn.now));
}

function propose(turn: Turn, group: Group, seal: Seal, firstSequence: Sequence): EpochRecord {
  return {
    epoch: seal.ballot,
    root: turn.self,
    voters: [turn.self, ...nextVoters(turn, group, seal)],
    firstSequence,
    lineage: extendLineage(seal.base, firstSequence),
  };
}

function repeat(turn: Turn, group: Group, seal: Seal): void {
  const { ballot, base, proposal } = seal;
  const { descriptor } = group;
  if (descriptor === undefined) return;
  switch (seal.phase) {
    case 'prepare':
      for (const voter of base.voters) {
        if (!seal.promises.has(voter.id) && (!turn.isSelf(voter) || isCarried(turn, group, seal))) turn.direct(current(turn, voter), { type: 'prepare', group: group.id, ballot, record: base, descriptor });
      }
      return;
    case 'adopt':
      return;
    case 'catchUp':
      if (proposal === undefined) return;
      for (const voter of proposal.voters) {
        if (!seal.caughtUp.has(voter.id)) turn.direct(voter, { type: 'catchUp', group: group.id, ballot, record: proposal, descriptor });
      }
      return;
    case 'accept':
      if (proposal === undefined) return;
      for (const voter of base.voters) {
        if (!seal.accepted.has(voter.id)) turn.direct(voter, { type: 'accept', group: group.id, ballot, after: base.epoch, proposal });
      }
      return;
  }
}

/**
 * With its own promise the proposer would have a majority. It gives that one last: it fences it off the old epoch, which lives on
 * where the others hear the root.
 */
function isCarried(turn: Turn, group: Group, { base, promises }: Seal): boolean {
  return !group.reliable || promises.has(turn.self.id) || promises.size + 1 >= majorityOf(base);
}

/** Everything the promised histories hold together is here: the newest, and as far back as any of them goes. */
function isWhole(group: Group, seal: Seal): boolean {
  return group.ring.next >= seal.fetchTo && (group.ring.low <= seal.fetchFrom || group.ring.floor >= group.ring.low);
}

/** Fetches the newest from one that promised as much, after a few vain tries from another; then the oldest. */
function keepFetching(turn: Turn, group: Group, seal: Seal): void {
  const { fetch, backfill, ring } = group;
  const others = [...seal.promises.values()].filter(({ from }) => from.id !== turn.self.id);
  if (ring.next >= seal.fetchTo) {
    const oldest = others.find(({ promise }) => promise.low <= seal.fetchFrom);
    if (backfill === undefined && oldest !== undefined) backfillFrom(turn, group, oldest.from, seal.fetchFrom);
    return;
  }
  if (fetch !== undefined && fetch.to === seal.fetchTo && fetch.tries < 3) return;
  const donors = others.filter(({ promise }) => promise.next >= seal.fetchTo);
  const next = donors.find(({ from }) => from.id !== fetch?.source.id) ?? donors[0];
  if (next !== undefined) startFetch(turn, group, next.from, seal.fetchTo);
}

/** A group without a quorum does not wait for history that does not come. */
function isFetchHopeless(turn: Turn, group: Group, seal: Seal): boolean {
  return !group.reliable && turn.now - seal.phaseAt >= turn.config.openMs;
}

/** A voter that came back has another handle; it is asked in its present life, and says that it forgot. */
function current(turn: Turn, voter: NodeHandle): NodeHandle {
  if (voter.id === turn.self.id) return turn.self;
  const known = turn.neighbors.get(voter.id)?.handle ?? turn.view.leaves().find((leaf) => leaf.id === voter.id);
  return known !== undefined && known.incarnation > voter.incarnation ? known : voter;
}

function isAllForgotten(seal: Seal): boolean {
  return seal.restarted.size === seal.base.voters.length;
}

function countDead(turn: Turn, seal: Seal): number {
  return seal.base.voters.filter((voter) => !seal.promises.has(voter.id) && turn.neighbors.isDead(voter)).length;
}

function countOf(record: EpochRecord, ids: ReadonlySet<string>): number {
  return record.voters.filter((voter) => ids.has(voter.id)).length;
}

function isBallotOf(seal: Seal, message: { readonly ballot: Epoch }): boolean {
  return compareEpochs(seal.ballot, message.ballot) === 0;
}
