import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import { childOf, placesLeft } from './children.ts';
import type { Id } from '@banyan/ids';
import { coverOf } from './coverage.ts';
import { compareEpochs } from './epoch.ts';
import type { Group } from './group.ts';
import type { GroupTable } from './group-table.ts';
import { BEAT_GROUPS_MAX, type DownBeat, type UpBeat } from './messages.ts';
import type { Neighbor } from './neighbors.ts';
import { loseParent } from './parent.ts';
import { hasSpareBelow } from './stripes/spare-capacity.ts';
import type { Turn } from './turn.ts';

/** Says the beats that are due, and looks after neighbors that are silent. */
export function tickNeighbors(turn: Turn, groups: GroupTable): void {
  const { neighbors } = turn;
  if (neighbors.dueAt > turn.now) return;
  neighbors.dueAt = Infinity;
  for (const neighbor of neighbors.all()) {
    const due = neighborDeadline(turn, neighbor);
    if (due === undefined) continue;
    if (due <= turn.now) tickNeighbor(turn, groups, neighbor);
    const next = due <= turn.now ? neighborDeadline(turn, neighbor) : due;
    if (next !== undefined) neighbors.dueAt = Math.min(neighbors.dueAt, Math.max(next, turn.now + 1));
  }
  neighbors.prune(turn.now);
}

/** A parent's beat is answered with this node's, if that is nearly due: both then beat at the parent's pace. */
export function answerBeat(turn: Turn, parent: NodeHandle): void {
  const neighbor = turn.neighbors.get(parent.id);
  if (neighbor !== undefined && neighbor.parentIn.size > 0 && neighbor.beatAt <= turn.now + turn.config.beatMs * 0.75) turn.neighbors.hurry(neighbor, turn.now, 0);
}

function tickNeighbor(turn: Turn, groups: GroupTable, neighbor: Neighbor): void {
  if (neighbor.beatAt <= turn.now) {
    // What came early came with a round of the root or of the parent, and so will the next.
    neighbor.beatAt = turn.now + turn.config.beatMs * (neighbor.isHurried ? 1.5 : 1);
    neighbor.beatSaidAt = turn.now;
    neighbor.isHurried = false;
    sendBeat(turn, groups.byId, neighbor);
  }
  if (neighbor.parentIn.size > 0) watchSilence(turn, groups, neighbor);
}

/** When this neighbor next needs a look; undefined when no edge joins them. */
function neighborDeadline(turn: Turn, neighbor: Neighbor): Millis | undefined {
  if (neighbor.parentIn.size + neighbor.childIn.size === 0) return undefined;
  if (neighbor.parentIn.size === 0) return neighbor.beatAt;
  const { missesMax, beatMs, probeMs } = turn.config;
  const judgeAt = neighbor.probedAt === undefined ? neighbor.heardAt + missesMax * beatMs : neighbor.probedAt + probeMs;
  return Math.min(neighbor.beatAt, judgeAt);
}

/**
 * A silent parent is asked after by a third node before it is left; a mistake costs a move, never a message.
 * Source: SWIM's indirect probe (Das, Gupta, Motivala 2002), with one helper because a tree has few common friends.
 */
function watchSilence(turn: Turn, groups: GroupTable, neighbor: Neighbor): void {
  const { missesMax, beatMs, probeMs } = turn.config;
  if (neighbor.probedAt !== undefined) {
    if (turn.now - neighbor.probedAt >= probeMs) loseEverywhere(turn, groups, neighbor, 'silent');
    return;
  }
  if (turn.now - neighbor.heardAt < missesMax * beatMs) return;
  turn.push({ type: 'suspect', peer: neighbor.handle });
  const helper = findHelper(turn, groups.byId, neighbor);
  if (helper === undefined) {
    loseEverywhere(turn, groups, neighbor, 'silent');
    return;
  }
  neighbor.probedAt = turn.now;
  turn.direct(helper, { type: 'probe', target: neighbor.handle });
}

/** The parent is given up in every group that has it. */
export function loseEverywhere(turn: Turn, groups: GroupTable, neighbor: Neighbor, why: string): void {
  neighbor.probedAt = undefined;
  for (const id of [...neighbor.parentIn]) {
    neighbor.parentIn.delete(id);
    const group = groups.find(id);
    if (group?.parent?.handle.id !== neighbor.handle.id) continue;
    if (group.record?.root.id === neighbor.handle.id) group.rootLostAt ??= turn.now;
    loseParent(turn, group, why);
  }
}

function findHelper(turn: Turn, groups: ReadonlyMap<Id, Group>, neighbor: Neighbor): NodeHandle | undefined {
  for (const id of neighbor.parentIn) {
    const backup = groups.get(id)?.backups.find((node) => node.id !== neighbor.handle.id && !turn.neighbors.isDead(node));
    if (backup !== undefined) return backup;
  }
  return turn.view.leaves().find((leaf) => leaf.id !== neighbor.handle.id);
}

function sendBeat(turn: Turn, groups: ReadonlyMap<Id, Group>, neighbor: Neighbor): void {
  const shared = neighbor.parentIn.size + neighbor.childIn.size;
  if (shared === 0) return;
  const down = share(neighbor.childIn, neighbor.beatOffset).map((id) => downBeat(groups.get(id), neighbor)).filter((beat) => beat !== undefined);
  const up = share(neighbor.parentIn, neighbor.beatOffset).map((id) => upBeat(turn, groups.get(id))).filter((beat) => beat !== undefined);
  neighbor.beatOffset += BEAT_GROUPS_MAX;
  if (down.length + up.length > 0) turn.direct(neighbor.handle, { type: 'beat', down, up });
}

/** At most as many as fit in one beat; the next beat goes on where this one ends. */
function share(ids: ReadonlySet<Id>, offset: number): readonly Id[] {
  const all = [...ids];
  if (all.length <= BEAT_GROUPS_MAX) return all;
  const from = offset % all.length;
  return [...all.slice(from), ...all.slice(0, from)].slice(0, BEAT_GROUPS_MAX);
}

function downBeat(group: Group | undefined, neighbor: Neighbor): DownBeat | undefined {
  const child = group === undefined ? undefined : childOf(group, neighbor.handle);
  if (group?.accepted === undefined || child === undefined || child.stage === 'pending') return undefined;
  const { backups } = child;
  child.backups = undefined;
  return {
    group: group.id,
    mark: group.accepted,
    low: group.sequencer === undefined ? group.rootLow : group.ring.low,
    // A commit mark counts in the history of its epoch only, and the record may be ahead of the round.
    committed: group.record !== undefined && compareEpochs(group.record.epoch, group.accepted.epoch) === 0 ? group.committed : 1,
    sent: child.link === undefined ? 0 : child.position,
    ...(backups === undefined ? {} : { backups }),
  };
}

function upBeat(turn: Turn, group: Group | undefined): UpBeat | undefined {
  if (group?.parent === undefined || group.record === undefined) return undefined;
  const { parent, ring, record, promised } = group;
  // Fenced: a promised epoch is no acknowledgement in the old one.
  const epoch = group.fenced && promised !== undefined ? promised : record.epoch;
  const spare = hasSpareBelow(turn, group);
  return { group: group.id, flow: parent.flow, creditBytes: parent.grantedBytes, next: ring.next, epoch, placesLeft: placesLeft(turn, group), cover: coverOf(turn, group), ...(spare === undefined ? {} : { spare }) };
}
