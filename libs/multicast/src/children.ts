import type { LinkId, NodeHandle } from '@banyan/kbr';
import { tellClosed } from './closing.ts';
import { isNewerRound, isVoter, VOTERS_MAX, type RoundMark, type Sequence } from './epoch.ts';
import { pump } from './feed.ts';
import { SNAPSHOT_SESSIONS_MAX } from './frames.ts';
import type { Child, Group } from './group.ts';
import { wholeFrom } from './large-messages.ts';
import { BACKUPS_MAX, type FlowMessage, type GraftRefusal, type RoutedMessage, type TreeMessage, type UpBeat } from './messages.ts';
import { evictionFor, isInside, placesTaken, roomiestFirst } from './stripes/stripe-places.ts';
import type { Turn } from './turn.ts';

/** Children named to one that finds no place. */
const REDIRECT_MAX = 3;
/** Children that wait until this node has a place itself. */
export const PENDING_MAX = 256;

/** Somebody asks for a place under this node. */
export function onGraft(turn: Turn, group: Group, from: NodeHandle, graft: Extract<TreeMessage, { type: 'graft' }>): void {
  const asked = refusalFor(turn, group, from, graft);
  const refusal = asked === 'full' && group.descriptor?.stripe !== undefined && makeRoom(turn, group, from) ? undefined : asked;
  if (refusal === 'closed') {
    tellClosed(turn, group, from);
    return;
  }
  if (refusal !== undefined) {
    const pending = childOf(group, from);
    if (pending?.stage === 'pending' && refusal === 'full') removeChild(turn, group, pending);
    refuse(turn, group, from, refusal);
    return;
  }
  const child = addChild(turn, group, from);
  child.voter = graft.voter && group.sequencer !== undefined;
  if (child.stage === 'pending') child.stage = 'granted';
  if (graft.accepted !== undefined) quicken(turn, group, graft.accepted);
  acknowledge(turn, group, child);
}

/**
 * A JOIN passes through or ends here: the child is added, and a node that is not in the tree yet becomes a forwarder
 * (its own JOIN is sent by the dispatcher). False: let it go on to one that is nearer to the root.
 */
export function onJoin(turn: Turn, group: Group, join: Extract<RoutedMessage, { type: 'join' }>, isLast: boolean): boolean {
  const { child, accepted } = join;
  if (child.id === turn.self.id) return isLast;
  if (!isLast && group.descriptor?.stripe !== undefined && !forwardsStripe(turn, group, child)) return false;
  if (group.attached) {
    // An orphan's descendants cannot help it: their rounds come from it, so they are never newer.
    if (!isLast && accepted !== undefined && (group.accepted === undefined || !isNewerRound(group.accepted, accepted))) return false;
    const graft = { type: 'graft' as const, group: group.id, voter: false, ...(accepted === undefined ? {} : { accepted }) };
    onGraft(turn, group, child, graft);
    return true;
  }
  if (!isLast && accepted !== undefined) return false;
  if (pendingCount(group) < PENDING_MAX) addChild(turn, group, child);
  return true;
}

/** The child took its place and wants everything from `next`. */
export function onResume(turn: Turn, group: Group, from: NodeHandle, resume: Extract<FlowMessage, { type: 'resume' }>): void {
  const child = childOf(group, from);
  if (child === undefined) {
    disown(turn, group, from);
    return;
  }
  if (child.stage === 'pending' || resume.flow < child.flow) return;
  if (resume.flow === child.flow && child.link !== undefined) return;
  child.stage = 'flowing';
  child.resume = resume;
  child.next = resume.next;
  const link = turn.neighbors.get(from.id)?.downlink;
  if (link !== undefined) startFlow(turn, group, child, link);
}

/** A data link of a peer came up: flows that were asked for start. */
export function onDownlink(turn: Turn, group: Group, peer: NodeHandle, link: LinkId): void {
  const child = childOf(group, peer);
  if (child !== undefined) startFlow(turn, group, child, link);
}

/** The data link is gone: nothing is sent until the child resumes. */
export function onDownlinkLost(group: Group, peer: NodeHandle, link: LinkId): void {
  const child = group.children.get(peer.id);
  if (child?.link === link) child.link = undefined;
}

/** The child can take more. */
export function onCredit(turn: Turn, group: Group, from: NodeHandle, credit: Extract<FlowMessage, { type: 'credit' }>): void {
  const child = childOf(group, from);
  if (child === undefined || child.flow !== credit.flow || credit.creditBytes <= child.creditBytes) return;
  child.creditBytes = credit.creditBytes;
  pump(turn, group);
}

/** What a child says every half second. */
export function onUpBeat(turn: Turn, group: Group, from: NodeHandle, beat: UpBeat): void {
  const child = childOf(group, from);
  if (child === undefined) {
    disown(turn, group, from);
    return;
  }
  child.heardAt = turn.now;
  child.next = Math.max(child.next, beat.next);
  if (beat.cover !== undefined && beat.cover.version >= child.rosterVersion) child.cover = beat.cover;
  child.placesLeft = beat.placesLeft;
  child.spare = beat.spare === true;
  if (child.flow !== beat.flow || beat.creditBytes <= child.creditBytes) return;
  child.creditBytes = beat.creditBytes;
  pump(turn, group);
}

/** Every child that waited for this node to have a place is granted one. */
export function grantPending(turn: Turn, group: Group): void {
  for (const child of [...group.children.values()]) {
    if (child.stage !== 'pending') continue;
    if (placesTaken(group) >= placesFor(turn, group, false)) {
      refuse(turn, group, child.handle, 'full');
      removeChild(turn, group, child);
      continue;
    }
    child.stage = 'granted';
    acknowledge(turn, group, child);
  }
}

/** The child left, or (`suspected`) died or was not heard of. */
export function removeChild(turn: Turn, group: Group, child: Child, how: 'left' | 'suspected' = 'left'): void {
  if (group.children.get(child.handle.id) !== child) return;
  group.roster.end(child.handle.id, turn.self.id, how, turn.now);
  group.children.delete(child.handle.id);
  turn.neighbors.get(child.handle.id)?.childIn.delete(group.id);
}

/** Drops children that were silent for too long; a live one hears of it at its next beat. */
export function expireChildren(turn: Turn, group: Group): void {
  for (const child of [...group.children.values()]) {
    const heardAt = child.stage === 'pending' ? child.since : Math.max(child.heardAt, child.since);
    if (turn.now - heardAt <= turn.config.childExpiryMs) continue;
    removeChild(turn, group, child, 'suspected');
    turn.note(group.id, 'child_expired');
  }
}

/** Other parents for a child: this node's parent, then its uncles (in turn, so that orphans spread), then the electorate. */
function backupsFor(turn: Turn, group: Group, child: Child): readonly NodeHandle[] {
  const siblings = [...group.children.values()].filter((other) => other.stage === 'flowing').map((other) => other.handle);
  const uncles = group.parent === undefined ? siblings : group.backups;
  const shift = [...group.children.keys()].indexOf(child.handle.id);
  const rotated = uncles.map((_, i) => uncles[(i + Math.max(0, shift)) % uncles.length]).filter((node) => node !== undefined);
  const parents = group.parent === undefined ? [] : [group.parent.handle];
  const found = new Map<string, NodeHandle>();
  for (const node of [...parents, ...rotated, ...(group.record?.voters ?? [])]) {
    if (node.id !== child.handle.id && !turn.isSelf(node) && turn.neighbors.stays(node)) found.set(node.id, found.get(node.id) ?? node);
  }
  return [...found.values()].slice(0, BACKUPS_MAX);
}

/** Children whose backups changed are told with the next beat. */
export function renewBackups(turn: Turn, group: Group): void {
  for (const child of group.children.values()) {
    const backups = backupsFor(turn, group, child);
    const told = backups.map((node) => node.id).join();
    if (told === child.backupsTold) continue;
    child.backupsTold = told;
    child.backups = backups;
  }
}

/** Tells a peer that thinks it is a child here that it is none. */
export function disown(turn: Turn, group: Group, peer: NodeHandle): void {
  if (group.descriptor?.closed === true) {
    tellClosed(turn, group, peer);
    return;
  }
  turn.direct(peer, { type: 'notChild', group: group.id, redirect: group.parent === undefined ? [] : [group.parent.handle] });
}

/** The child of exactly this life of the peer. */
export function childOf(group: Group, peer: NodeHandle): Child | undefined {
  const child = group.children.get(peer.id);
  return child?.handle.incarnation === peer.incarnation ? child : undefined;
}

function refusalFor(turn: Turn, group: Group, from: NodeHandle, graft: Extract<TreeMessage, { type: 'graft' }>): GraftRefusal | undefined {
  if (group.descriptor?.closed === true) return 'closed';
  const isHeir = graft.voter && group.sequencer !== undefined;
  if (group.leaving && !isHeir) return 'leaving';
  if (!group.attached || group.parent?.handle.id === from.id) return 'detached';
  const known = childOf(group, from);
  if (known !== undefined && known.stage !== 'pending') return undefined;
  // Former voters keep their places, so heirs find room only while these are few.
  if (isHeir) return votersCount(group) < 2 * VOTERS_MAX && group.children.size - pendingCount(group) < placedMax(turn, group) ? undefined : 'full';
  return placesTaken(group) < placesFor(turn, group, graft.accepted !== undefined) ? undefined : 'full';
}

/** Children with a place that a node may ever have: the places, those kept for orphans, voters and heirs. */
export function placedMax(turn: Turn, group: Group): number {
  return placesFor(turn, group, true) + 2 * VOTERS_MAX;
}

/** Children more that this node would take. */
export function placesLeft(turn: Turn, group: Group): number {
  return Math.max(0, placesFor(turn, group, false) - placesTaken(group));
}

/** Places for children that are no voters. */
export function placesFor(turn: Turn, group: Group, isOrphan: boolean): number {
  const places = Math.max(1, Math.min(group.descriptor?.fanOutMax ?? turn.self.capacity, turn.self.capacity));
  return isOrphan ? places + turn.config.gracePlaces : places;
}

function pendingCount(group: Group): number {
  let count = 0;
  for (const child of group.children.values()) if (child.stage === 'pending') count++;
  return count;
}

function votersCount(group: Group): number {
  let count = 0;
  for (const child of group.children.values()) if (child.voter) count++;
  return count;
}

function refuse(turn: Turn, group: Group, to: NodeHandle, reason: GraftRefusal): void {
  const others = [...group.children.values()].filter((child) => child.stage === 'flowing' && child.handle.id !== to.id);
  const up = group.parent === undefined ? [] : [group.parent.handle];
  const redirect = reason === 'full' ? roomiestFirst(group, others, turn.rng).slice(0, REDIRECT_MAX) : reason === 'leaving' ? up : [];
  turn.direct(to, { type: 'graftRefused', group: group.id, reason, redirect });
}

/**
 * Joins of a stripe end at nodes that are to stand inside its tree. Even there a node may be full with children of other stripes:
 * who can do nothing for a newcomer lets its join go on to the root.
 */
function forwardsStripe(turn: Turn, group: Group, newcomer: NodeHandle): boolean {
  if (!isInside(turn.self, group)) return false;
  if (!group.attached || placesLeft(turn, group) > 0) return true;
  for (const child of group.children.values()) if (child.placesLeft > 0 && child.stage === 'flowing') return true;
  return evictionFor(turn.self, group, newcomer, turn.rng) !== undefined;
}

/** In a stripe: a child that stands elsewhere as well goes to its siblings, so that one has a place that does not. */
function makeRoom(turn: Turn, group: Group, newcomer: NodeHandle): boolean {
  const eviction = evictionFor(turn.self, group, newcomer, turn.rng);
  if (eviction === undefined) return false;
  const { child, group: from } = eviction;
  removeChild(turn, from, child);
  const siblings = [...from.children.values()].filter((other) => other.stage === 'flowing');
  turn.direct(child.handle, { type: 'notChild', group: from.id, redirect: roomiestFirst(from, siblings, turn.rng).slice(0, REDIRECT_MAX) });
  turn.note(from.id, 'child_evicted');
  return true;
}

function addChild(turn: Turn, group: Group, handle: NodeHandle): Child {
  const known = childOf(group, handle);
  if (known !== undefined) {
    known.heardAt = turn.now;
    known.since = known.stage === 'pending' ? turn.now : known.since;
    return known;
  }
  const child: Child = {
    handle,
    stage: 'pending',
    voter: group.record !== undefined && isVoter(group.record, handle),
    caughtUp: false,
    since: turn.now,
    heardAt: turn.now,
    flow: 0,
    position: group.ring.next,
    sentBytes: 0,
    creditBytes: 0,
    next: 0,
    // Of one that has not said yet one place is hoped for.
    placesLeft: 1,
    spare: true,
    backupsTold: '',
    backups: undefined,
    link: undefined,
    stalledSince: undefined,
    rosterVersion: 0,
    cover: undefined,
    movedDownAt: -Infinity,
    resume: undefined,
  };
  group.children.set(handle.id, child);
  const neighbor = turn.neighbors.meet(handle, turn.now);
  neighbor.childIn.add(group.id);
  turn.neighbors.expect(neighbor, turn.now + turn.config.beatMs);
  return child;
}

/** A root need not wait for its clock to give an orphan the newer round it needs. */
function quicken(turn: Turn, group: Group, accepted: RoundMark): void {
  const { sequencer } = group;
  if (sequencer === undefined || group.accepted === undefined || isNewerRound(group.accepted, accepted)) return;
  sequencer.round++;
  group.accepted = { epoch: sequencer.epoch, round: sequencer.round };
}

function acknowledge(turn: Turn, group: Group, child: Child): void {
  const { descriptor, record, accepted, ring } = group;
  if (descriptor === undefined || record === undefined || accepted === undefined) return;
  turn.direct(child.handle, {
    type: 'graftAck',
    group: group.id,
    descriptor,
    record,
    mark: accepted,
    low: Math.min(group.sequencer === undefined ? group.rootLow : ring.low, ring.next),
    next: Math.max(ring.next, group.end),
    committed: group.end,
    ...wholeOf(group),
    backups: backupsFor(turn, group, child),
  });
}

/** One that reads the last message first has to know where it begins, before it has any of it. */
function wholeOf(group: Group): { readonly whole?: Sequence } {
  const last = group.end - 1;
  const whole = wholeFrom(group, last);
  return whole < last ? { whole } : {};
}

function startFlow(turn: Turn, group: Group, child: Child, link: LinkId): void {
  const { record, ring } = group;
  const { resume } = child;
  if (resume === undefined || record === undefined) return;
  child.resume = undefined;
  child.flow = resume.flow;
  child.position = resume.next;
  child.sentBytes = 0;
  child.creditBytes = resume.creditBytes;
  child.link = link;
  const low = group.sequencer === undefined ? group.rootLow : ring.low;
  turn.fanOut([link], { type: 'begin', group: group.id, flow: child.flow, from: resume.next, record, low, committed: group.committed });
  if (child.voter) sendSessions(turn, group, link);
  pump(turn, group);
}

function sendSessions(turn: Turn, group: Group, link: LinkId): void {
  const sessions = group.sessions.snapshot();
  for (let i = 0; i < sessions.length; i += SNAPSHOT_SESSIONS_MAX) {
    turn.fanOut([link], { type: 'sessions', group: group.id, sessions: sessions.slice(i, i + SNAPSHOT_SESSIONS_MAX) });
  }
}
