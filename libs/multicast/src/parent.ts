import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import { grantPending } from './children.ts';
import { isNewerRound, type RoundMark } from './epoch.ts';
import { openFlow, watchFlow } from './flow.ts';
import type { Attempt, Group, Parent } from './group.ts';
import { commit, install } from './history.ts';
import { startReaders } from './locate.ts';
import type { DownBeat, RoutedMessage, TreeMessage } from './messages.ts';
import { resolveStart } from './subscriptions.ts';
import { searchPlace } from './stripes/spare-capacity.ts';
import type { Turn } from './turn.ts';

/** Joins are repeated at most this many times more slowly. */
const JOIN_BACKOFF_MAX = 8;
/** Children named by full nodes that are remembered in one search. */
const REDIRECTS_MAX = 16;
/** Nodes asked in one search before the key is asked (again): a walk through a tree of full nodes ends there. */
export const TRIED_MAX = 64;

/**
 * Starts the search for a parent: backups first, then the join routed to the key, then root and voters.
 * While it lasts no newer round is accepted; a parent is taken only for a round newer than the last one accepted, so a
 * descendant, which has all its rounds from here, never qualifies.
 */
export function seek(turn: Turn, group: Group, first: readonly NodeHandle[] = [], delayMs: Millis = 0): void {
  if (group.attempt !== undefined || group.sequencer !== undefined || group.closed) return;
  const attempt: Attempt = { target: undefined, waitingSince: undefined, tries: 0, retryAt: turn.now + delayMs, tried: new Set(), redirects: first.slice(0, REDIRECTS_MAX), joins: 0, isRefused: false, joinAt: 0, searchAt: 0, since: turn.now };
  group.attempt = attempt;
  if (delayMs === 0) tryNext(turn, group, attempt);
}

/** Goes on with a search whose wait is over. */
export function tickParent(turn: Turn, group: Group): void {
  const { attempt } = group;
  if (attempt === undefined || attempt.retryAt > turn.now) return;
  const { target, waitingSince } = attempt;
  if (target === undefined) {
    tryNext(turn, group, attempt);
    return;
  }
  const patienceMs = turn.config.moveRoundsMax * turn.config.roundMs;
  const isOver = waitingSince === undefined ? attempt.tries >= turn.config.graftTriesMax : turn.now - waitingSince >= patienceMs;
  if (!isOver) {
    ask(turn, group, attempt, target);
    return;
  }
  if (waitingSince === undefined) noteUnreachable(turn, group, target);
  tryNext(turn, group, attempt);
}

/** A place was granted: it is taken if the granter's round is newer than ours. */
export function onGraftAck(turn: Turn, group: Group, from: NodeHandle, ack: Extract<TreeMessage, { type: 'graftAck' }>): void {
  const { attempt, parent } = group;
  if (parent?.handle.id === from.id && parent.handle.incarnation === from.incarnation) {
    group.backups = ack.backups;
    return;
  }
  if (attempt === undefined || !wouldTake(turn, group, from)) {
    turn.direct(from, { type: 'leave', group: group.id });
    return;
  }
  if (isNewerRound(ack.mark, group.accepted)) {
    takeParent(turn, group, from, ack);
    return;
  }
  if (attempt.target !== undefined && attempt.target.id !== from.id) return;
  attempt.target = from;
  attempt.waitingSince ??= turn.now;
  attempt.retryAt = turn.now + turn.config.graftMs;
}

/** No place there. */
export function onGraftRefused(turn: Turn, group: Group, from: NodeHandle, refusal: Extract<TreeMessage, { type: 'graftRefused' }>): void {
  const { attempt } = group;
  if (attempt === undefined || (attempt.target !== undefined && attempt.target.id !== from.id)) return;
  attempt.isRefused ||= refusal.reason === 'full';
  const fresh = nearestFirst(turn, refusal.redirect.filter((node) => !turn.isSelf(node) && !attempt.tried.has(lifeOf(node))));
  attempt.redirects = attempt.tried.size < TRIED_MAX ? [...fresh, ...attempt.redirects].slice(0, REDIRECTS_MAX) : [];
  tryNext(turn, group, attempt);
}

/** The parent wants this node elsewhere: it looks for a place among its siblings, and stays where it is until it has one. */
export function onMoveDown(turn: Turn, group: Group, from: NodeHandle, word: Extract<TreeMessage, { type: 'moveDown' }>): void {
  const { parent, attempt } = group;
  if (parent?.handle.id !== from.id || attempt !== undefined || hasDuty(turn, group) || group.leaving) return;
  const near = word.redirect.filter((node) => !turn.isSelf(node) && turn.neighbors.stays(node));
  if (near.length === 0) return;
  group.avoid = { node: from.id, until: turn.now + turn.config.avoidMs, swallows: false };
  seek(turn, group, nearestFirst(turn, near));
}

/** The parent leaves the ring: another is looked for while this one still gives what it has. Voters go where the next root is. */
export function onParentDeparts(turn: Turn, group: Group, from: NodeHandle): void {
  const { parent, attempt } = group;
  if (parent?.handle.id !== from.id || attempt !== undefined || hasDuty(turn, group) || group.leaving) return;
  group.avoid = { node: from.id, until: turn.now + turn.config.avoidMs, swallows: false };
  seek(turn, group, nearestFirst(turn, group.backups.filter((node) => !turn.isSelf(node) && turn.neighbors.stays(node))));
}

/** A beat of the parent (or of one that this node waits for). */
export function onDownBeat(turn: Turn, group: Group, from: NodeHandle, beat: DownBeat): void {
  const { parent, attempt } = group;
  if (parent?.handle.id !== from.id || parent.handle.incarnation !== from.incarnation) {
    if (attempt?.target?.id === from.id && isNewerRound(beat.mark, group.accepted)) ask(turn, group, attempt, from);
    return;
  }
  if (attempt === undefined && isNewerRound(beat.mark, group.accepted)) {
    acceptRound(turn, group, beat.mark);
    group.roundAt = turn.now;
  }
  if (beat.backups !== undefined) group.backups = beat.backups;
  commit(turn, group, { epoch: beat.mark.epoch, committed: beat.committed, low: beat.low });
  watchFlow(turn, group, beat);
}

/** A newer round: told to the children soon. */
export function acceptRound(turn: Turn, group: Group, mark: RoundMark): void {
  group.accepted = mark;
  for (const child of group.children.values()) {
    const neighbor = turn.neighbors.get(child.handle.id);
    if (neighbor !== undefined) turn.neighbors.hurry(neighbor, turn.now, turn.config.beatBundleMs);
  }
}

/** The parent is gone (or this node is no child of it): this node is an orphan and looks for another. */
export function loseParent(turn: Turn, group: Group, why: string, redirect: readonly NodeHandle[] = []): void {
  const { parent } = group;
  if (parent === undefined) return;
  dropParent(turn, group);
  turn.note(group.id, `parent_lost_${why}`);
  const { attempt } = group;
  if (attempt === undefined) seek(turn, group, redirect, isRepeated(turn, group) ? turn.jittered(turn.config.upkeepMs) : 0);
  group.lostAt = turn.now;
  group.attempt?.tried.add(lifeOf(parent.handle));
  if (group.attempt?.target?.id === parent.handle.id) tryNext(turn, group, group.attempt);
}

/**
 * The parent beats, so it lives, but nothing comes over the data link to it: it is told, and avoided for a while, since it would
 * grant a place again at once. If nobody else has one the join ends there all the same.
 */
export function leaveSwallower(turn: Turn, group: Group, parent: Parent): void {
  turn.direct(parent.handle, { type: 'leave', group: group.id });
  group.avoid = { node: parent.handle.id, until: turn.now + turn.config.avoidMs, swallows: true };
  loseParent(turn, group, 'flow_stalled');
}

/** Lets go of the parent without looking for another: this node became root, or leaves the tree. */
export function dropParent(turn: Turn, group: Group): void {
  const { parent } = group;
  if (parent === undefined) return;
  group.parent = undefined;
  turn.neighbors.get(parent.handle.id)?.parentIn.delete(group.id);
}

/** Lets go of the parent and says so. */
export function leaveParent(turn: Turn, group: Group): void {
  if (group.parent !== undefined) turn.direct(group.parent.handle, { type: 'leave', group: group.id });
  dropParent(turn, group);
  group.attempt = undefined;
}

/** A node could not be reached: when it is the root, that is one of the signs that the group needs another. */
export function noteUnreachable(turn: Turn, group: Group, node: NodeHandle): void {
  if (group.record?.root.id === node.id) group.rootLostAt ??= turn.now;
}

function takeParent(turn: Turn, group: Group, from: NodeHandle, ack: Extract<TreeMessage, { type: 'graftAck' }>): void {
  const before = group.parent;
  if (before !== undefined) turn.direct(before.handle, { type: 'leave', group: group.id });
  dropParent(turn, group);
  group.attempt = undefined;
  // A parent is no child: what is left of that edge is from before it moved.
  group.children.delete(from.id);
  group.moves++;
  group.certifiedVersion = 0;
  group.accepted = ack.mark;
  group.parent = { handle: from, flow: group.flow, begun: false, receivedBytes: 0, grantedBytes: 0, resumeAt: turn.now, behindSince: undefined, reopened: false, dialling: false, dialledAt: turn.now };
  group.backups = ack.backups;
  group.lastWhole = ack.whole;
  if (group.descriptor === undefined || group.descriptor.version < ack.descriptor.version) group.descriptor = ack.descriptor;
  const neighbor = turn.neighbors.meet(from, turn.now);
  neighbor.parentIn.add(group.id);
  neighbor.childIn.delete(group.id);
  neighbor.heardAt = turn.now;
  turn.neighbors.hurry(neighbor, turn.now, turn.config.beatBundleMs);
  install(turn, group, ack.record);
  startHistory(turn, group, ack);
  commit(turn, group, { epoch: ack.mark.epoch, committed: ack.committed, low: ack.low });
  openFlow(turn, group);
  turn.note(group.id, before === undefined ? 'joined' : 'moved');
  acceptRound(turn, group, ack.mark);
  grantPending(turn, group);
  startReaders(turn, group);
}

/** A node new to the group begins its history where its readers begin, a voter with all there is. */
function startHistory(turn: Turn, group: Group, ack: Pick<Extract<TreeMessage, { type: 'graftAck' }>, 'low' | 'next' | 'committed' | 'whole'>): void {
  group.rootLow = Math.max(group.rootLow, ack.low);
  const end = group.reliable ? Math.min(ack.committed, ack.next) : ack.next;
  group.toldEnd = end;
  if (group.started) return;
  let start = group.isVoter(turn) || group.duty !== undefined ? ack.low : end;
  for (const { start: wish } of group.subscriptions.values()) {
    start = Math.min(start, resolveStart(wish, { low: ack.low, end }));
    if (wish.type === 'last' && ack.whole !== undefined) start = Math.min(start, ack.whole);
  }
  group.start(Math.max(1, start));
  group.committed = Math.max(1, Math.min(group.committed, start));
}

function wouldTake(turn: Turn, group: Group, from: NodeHandle): boolean {
  // A voter that has a parent moves for nobody but the root.
  return group.parent === undefined || !hasDuty(turn, group) || group.record?.root.id === from.id;
}

function hasDuty(turn: Turn, group: Group): boolean {
  return group.isVoter(turn) || group.duty !== undefined;
}

function tryNext(turn: Turn, group: Group, attempt: Attempt): void {
  attempt.target = undefined;
  attempt.waitingSince = undefined;
  attempt.tries = 0;
  // A voluntary move asks its one candidate and no other.
  if (group.parent !== undefined && attempt.tried.size > 0) {
    group.attempt = undefined;
    group.moveAt = turn.now + turn.jittered(turn.config.upkeepMs);
    return;
  }
  const target = candidate(turn, group, attempt);
  if (target !== undefined) {
    attempt.tried.add(lifeOf(target));
    ask(turn, group, attempt, target);
    return;
  }
  attempt.tried.clear();
  // Where all are full somebody has to leave or to die first: asking again at once would only keep them busy.
  if (attempt.isRefused && turn.now < attempt.joinAt) {
    attempt.retryAt = attempt.joinAt;
    if (turn.now < attempt.searchAt) return;
    attempt.searchAt = attempt.joinAt;
    searchPlace(turn, group);
  } else join(turn, group, attempt);
}

/** Whom to ask next, before the key is asked: once all of them were, the join comes, then they again. */
function candidate(turn: Turn, group: Group, attempt: Attempt): NodeHandle | undefined {
  const { record } = group;
  if (attempt.tried.size >= TRIED_MAX) return undefined;
  const root = record === undefined ? [] : [record.root];
  const isAvoiding = attempt.joins === 0 && group.avoid !== undefined && group.avoids(turn, group.avoid.node);
  const avoided = isAvoiding ? group.avoid?.node : undefined;
  // The join may end at the one to be avoided: the voters, who are in the tree, come before it then.
  const electorate = (attempt.joins > 0 || isAvoiding) && record !== undefined ? [...root, ...record.voters] : [];
  const duty = hasDuty(turn, group) ? root : [];
  for (const node of [...attempt.redirects, ...duty, ...group.backups, ...electorate]) {
    if (node.id === turn.self.id || node.id === avoided || attempt.tried.has(lifeOf(node)) || !turn.neighbors.stays(node)) continue;
    return node;
  }
  return undefined;
}

function ask(turn: Turn, group: Group, attempt: Attempt, target: NodeHandle): void {
  attempt.target = target;
  attempt.tries++;
  attempt.retryAt = turn.now + turn.config.graftMs;
  const voter = hasDuty(turn, group) && group.record?.root.id === target.id;
  const accepted = group.accepted === undefined ? {} : { accepted: group.accepted };
  turn.direct(target, { type: 'graft', group: group.id, voter, ...accepted });
}

function join(turn: Turn, group: Group, attempt: Attempt): void {
  attempt.joins++;
  attempt.redirects = [];
  attempt.isRefused = false;
  attempt.retryAt = turn.now + turn.jittered(turn.config.joinMs * Math.min(JOIN_BACKOFF_MAX, attempt.joins));
  attempt.joinAt = attempt.retryAt;
  turn.route(group.id, joinMessage(turn, group));
}

/** Scribe's JOIN of this node. */
export function joinMessage(turn: Turn, group: Group): Extract<RoutedMessage, { type: 'join' }> {
  return {
    type: 'join',
    group: group.id,
    child: turn.self,
    next: group.highest,
    ...(group.accepted === undefined ? {} : { accepted: group.accepted }),
    ...(group.record === undefined ? {} : { record: group.record }),
    ...(group.descriptor === undefined ? {} : { descriptor: group.descriptor }),
  };
}

/** A place that is lost as soon as it was taken is not looked for again at once: two nodes would chase each other. */
function isRepeated(turn: Turn, group: Group): boolean {
  return turn.now - group.lostAt < turn.config.upkeepMs;
}

/** Those with the smallest measured round-trip time first, then the others in the order given (Castro et al. 2002, §II-F: the nearest sibling). */
function nearestFirst(turn: Turn, nodes: readonly NodeHandle[]): readonly NodeHandle[] {
  const far = nodes.map((node) => ({ node, ms: turn.view.roundTripMs(node.id) ?? Infinity }));
  return far.sort((a, b) => (a.ms === b.ms ? 0 : a.ms - b.ms)).map(({ node }) => node);
}

function lifeOf(node: NodeHandle): string {
  return `${node.id}@${node.incarnation}`;
}
