import { compareDistance } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { sameIncarnation } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import { startBackfill } from './backfill.ts';
import { childOf } from './children.ts';
import { compareEpochs, isVoter, majorityOf, type Epoch, type EpochRecord } from './epoch.ts';
import type { Group } from './group.ts';
import { isExpired } from './feed.ts';
import { standInsFor } from './next-voters.ts';
import { startSeal } from './seal.ts';
import type { Sequencer } from './sequencer.ts';
import type { Turn } from './turn.ts';

/** An invitation counts for so many upkeeps after the last one. */
const DUTY_UPKEEPS = 5;
/** Without a newer round for so many the root is not taken to live because of rounds. */
const ROUNDS_MISSED = 3;
/** Nodes whose invitations are counted; of more the longest known start anew. */
export const INVITED_MAX = 64;

/**
 * Proposes this node as root once the root seems lost: the live voter nearest to the key at once, each other one a step
 * later, the owner of the key after all of them. A mistake costs an epoch, never a message.
 */
export function tickSuccession(turn: Turn, group: Group): void {
  const at = successionAt(turn, group);
  if (at !== undefined && at <= turn.now) startSeal(turn, group);
}

/** When this node would propose itself; undefined while the root is well, or it is not its turn ever. */
export function successionAt(turn: Turn, group: Group): Millis | undefined {
  const { record } = group;
  if (record === undefined || group.seal !== undefined || group.closed || group.leaving) return undefined;
  const lostAt = rootLostAt(turn, group, record);
  const rank = lostAt === undefined ? undefined : rankOf(turn, group, record);
  if (lostAt === undefined || rank === undefined) return undefined;
  return Math.max(group.sealAt, lostAt + rank * turn.config.candidateStepMs);
}

/** The root invites this node to become a voter or its successor; one that gets nothing from it lets others come first. */
export function onInvite(turn: Turn, group: Group, duty: 'voter' | 'root'): void {
  if (group.record !== undefined && group.avoids(turn, group.record.root.id)) return;
  group.duty = { duty, until: turn.now + DUTY_UPKEEPS * turn.config.upkeepMs, lookAt: turn.now };
}

/** An invited node goes on once it holds what the root holds: a voter says so, a successor seals. */
export function tickDuty(turn: Turn, group: Group): void {
  const { duty, parent, record } = group;
  if (duty === undefined || duty.lookAt > turn.now) return;
  duty.lookAt = turn.now + turn.config.sealRepeatMs;
  if (turn.now >= duty.until || group.sequencer !== undefined || (duty.duty === 'voter' && group.isVoter(turn))) {
    group.duty = undefined;
    return;
  }
  if (record === undefined || parent?.begun !== true || !sameIncarnation(parent.handle, record.root) || !isWhole(turn, group)) return;
  if (duty.duty === 'voter') turn.direct(record.root, { type: 'caughtUp', group: group.id, ballot: record.epoch, next: group.ring.next });
  else startSeal(turn, group);
}

/** The root's look at its electorate, once per upkeep. */
export function upkeepElectorate(turn: Turn, group: Group, sequencer: Sequencer): void {
  const { record } = group;
  if (record === undefined || group.seal !== undefined) return;
  if (handOver(turn, group, sequencer, record)) return;
  const lost = lostVoters(turn, group, sequencer, record);
  const departing = record.voters.filter((voter) => turn.neighbors.isDeparting(voter) && !lost.includes(voter));
  const out = [...lost, ...departing];
  const want = Math.min(turn.config.voters, 1 + turn.view.leaves().filter((leaf) => turn.neighbors.stays(leaf)).length);
  const room = want - (record.voters.length - out.length);
  const learners = [...group.children.values()].filter((child) => child.caughtUp && !isVoter(record, child.handle));
  if (room > 0 && learners.length > 0) {
    const joining = learners.slice(0, room).map((child) => child.handle);
    // Who leaves votes until another is there in its place.
    const replaced = departing.slice(0, Math.max(0, joining.length - lost.length));
    startSeal(turn, group, { learners: joining, replaced: [...lost, ...replaced] });
    return;
  }
  if (room > 0) inviteVoters(turn, group, sequencer, { record, room });
  const remaining = record.voters.length - lost.length;
  if (remaining < majorityOf(record)) return;
  const isHeldUp = departing.length > 0 && room <= 0;
  // Those invited do not come: others are named unasked. Where there is nobody, fewer voters are better only if they are an odd number.
  const isLongLost = lost.some((voter) => turn.now - (sequencer.missing.get(voter.id) ?? turn.now) > 3 * turn.config.voterLostMs);
  const isWorthIt = remaining % 2 === 1 || standInsFor(turn, group, { base: record, replaced: lost }).length > 0;
  if (isHeldUp || (isLongLost && isWorthIt)) startSeal(turn, group, { learners: [], replaced: isHeldUp ? out : lost });
}

/** An invited child holds everything. */
export function noteLearner(turn: Turn, group: Group, from: NodeHandle, epoch: Epoch): void {
  const child = childOf(group, from);
  if (child === undefined || child.caughtUp || group.sequencer === undefined || compareEpochs(epoch, group.sequencer.epoch) !== 0) return;
  child.caughtUp = true;
  // Soon, and together with others that come at the same time: each change of voters is an epoch.
  group.upkeepAt = Math.min(group.upkeepAt, turn.now + turn.config.sealRepeatMs);
}

/** Since when the root is lost, by any of the signs: dead, unreachable, or fenced by a promise that led to nothing. */
function rootLostAt(turn: Turn, group: Group, record: EpochRecord): Millis | undefined {
  if (group.fenced && turn.now >= group.promisedAt + turn.config.promiseMs) return group.promisedAt + turn.config.promiseMs;
  if (turn.isSelf(record.root)) return group.fenced ? group.promisedAt + turn.config.promiseMs : undefined;
  if (hearsRounds(turn, group, record)) return undefined;
  if (turn.neighbors.isDead(record.root) || record.root.id === turn.self.id) {
    group.rootLostAt ??= turn.now;
    return group.rootLostAt;
  }
  const root = turn.neighbors.get(record.root.id);
  const isHeard = group.rootLostAt !== undefined && root !== undefined && root.heardAt > group.rootLostAt;
  if (isHeard) group.rootLostAt = undefined;
  return group.rootLostAt ?? (group.fenced ? group.promisedAt + turn.config.promiseMs : undefined);
}

/** Rounds newer than what was under way when the root was lost come by another way: it lives, though this node cannot hear it. */
function hearsRounds(turn: Turn, group: Group, { epoch }: EpochRecord): boolean {
  const { rootLostAt, roundAt, accepted } = group;
  if (rootLostAt === undefined || group.fenced || accepted === undefined || compareEpochs(accepted.epoch, epoch) !== 0) return false;
  const { roundMs } = turn.config;
  return roundAt > rootLostAt + roundMs / 2 && turn.now - roundAt < ROUNDS_MISSED * roundMs;
}

function rankOf(turn: Turn, group: Group, record: EpochRecord): number | undefined {
  const live = record.voters.filter((voter) => turn.isSelf(voter) || (voter.id !== record.root.id && turn.neighbors.stays(voter)));
  const nearest = live.sort((a, b) => compareDistance(group.id, a.id, b.id));
  const rank = nearest.findIndex((voter) => turn.isSelf(voter));
  if (rank >= 0) return rank;
  return turn.view.isRoot(group.id) ? record.voters.length : undefined;
}

/** A closer node owns the key (or this one leaves): it is invited to become the next root. True while it is given time for that. */
function handOver(turn: Turn, group: Group, sequencer: Sequencer, record: EpochRecord): boolean {
  const { descriptor } = group;
  const heir = heirOf(turn, group, record);
  if (heir === undefined || descriptor === undefined) {
    sequencer.otherOwner = undefined;
    return false;
  }
  if (sequencer.otherOwner?.owner.id !== heir.id) sequencer.otherOwner = { owner: heir, since: turn.now };
  if (!group.leaving && turn.now - sequencer.otherOwner.since < turn.config.handOverMs) return false;
  turn.direct(heir, { type: 'invite', group: group.id, duty: 'root', record, descriptor });
  // An heir that does not come must not keep the root from replacing lost voters.
  return turn.now - sequencer.otherOwner.since < turn.config.handOverMs + DUTY_UPKEEPS * turn.config.upkeepMs;
}

function heirOf(turn: Turn, group: Group, record: EpochRecord): NodeHandle | undefined {
  if (group.leaving) {
    const children = [...group.children.values()].filter((child) => child.stage === 'flowing' && turn.neighbors.stays(child.handle));
    const voters = children.filter((child) => isVoter(record, child.handle)).map((child) => child.handle);
    const others = turn.view.leaves().filter((leaf) => turn.neighbors.stays(leaf));
    return voters.sort((a, b) => compareDistance(group.id, a.id, b.id))[0] ?? turn.rng.pick(others.length > 0 ? others : children.map((child) => child.handle));
  }
  if (!turn.view.ready || turn.view.isRoot(group.id)) return undefined;
  const owner = turn.view.replicaSet(group.id, 1)[0];
  return owner === undefined || turn.isSelf(owner) || !turn.neighbors.stays(owner) ? undefined : owner;
}

/** Voters that are dead, came back in a newer life, or were out of the tree for too long. */
function lostVoters(turn: Turn, group: Group, sequencer: Sequencer, record: EpochRecord): readonly NodeHandle[] {
  const others = record.voters.filter((voter) => !turn.isSelf(voter));
  for (const voter of others) {
    if (childOf(group, voter)?.stage === 'flowing' && !turn.neighbors.isDead(voter)) sequencer.missing.delete(voter.id);
    else if (!sequencer.missing.has(voter.id)) sequencer.missing.set(voter.id, turn.now);
  }
  return others.filter((voter) => turn.neighbors.isDead(voter) || turn.now - (sequencer.missing.get(voter.id) ?? turn.now) > turn.config.voterLostMs);
}

function inviteVoters(turn: Turn, group: Group, sequencer: Sequencer, { record, room }: { readonly record: EpochRecord; readonly room: number }): void {
  const { descriptor } = group;
  const { invited } = sequencer;
  if (descriptor === undefined) return;
  const near = turn.view.replicaSet(group.id, turn.config.voters + record.voters.length);
  const fresh = near.filter((node) => !record.voters.some((voter) => voter.id === node.id && voter.incarnation >= node.incarnation) && !turn.isSelf(node) && turn.neighbors.stays(node));
  const patient = fresh.sort((a, b) => vain(invited, a) - vain(invited, b));
  for (const node of patient.slice(0, room)) {
    invited.set(node.id, (invited.get(node.id) ?? 0) + 1);
    if (invited.size > INVITED_MAX) forgetFirst(invited);
    turn.direct(node, { type: 'invite', group: group.id, duty: 'voter', record, descriptor });
  }
}

function forgetFirst(invited: Map<string, number>): void {
  for (const first of invited.keys()) return void invited.delete(first);
}

/** How many spells of invitations a node let pass; the order among equals stays that of nearness. */
function vain(invited: ReadonlyMap<string, number>, node: NodeHandle): number {
  return Math.floor((invited.get(node.id) ?? 0) / DUTY_UPKEEPS);
}

/** This node holds everything the root keeps, up to what was committed when it last heard. */
function isWhole(turn: Turn, group: Group): boolean {
  const { ring } = group;
  if (ring.next < group.committed) return false;
  if (ring.low <= group.rootLow || isExpired(group, ring.low - 1)) return true;
  startBackfill(turn, group, group.rootLow);
  return false;
}
