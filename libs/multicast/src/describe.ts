import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import { placesFor } from './children.ts';
import type { GroupDescriptor } from './descriptor.ts';
import type { EpochRecord, RoundMark, Sequence } from './epoch.ts';
import type { Group } from './group.ts';
import { slowReaders } from './describe-slow.ts';
import type { Turn } from './turn.ts';

/** What a node is in a group's tree. `orphan`: it needs a parent and has none. */
export type TreeRole = 'root' | 'forwarder' | 'leaf' | 'orphan' | 'closed';

/** One node's part of a group, as it would draw it. */
export interface GroupPicture {
  readonly group: Id;
  readonly name: string | undefined;
  /** Of which group this is a stripe, and which one. */
  readonly stripe: GroupDescriptor['stripe'];
  readonly role: TreeRole;
  readonly isVoter: boolean;
  readonly parent: NodeHandle | undefined;
  readonly children: readonly NodeHandle[];
  readonly backups: readonly NodeHandle[];
  readonly record: EpochRecord | undefined;
  readonly accepted: RoundMark | undefined;
  readonly low: Sequence;
  readonly committed: Sequence;
  readonly next: Sequence;
  readonly retainedBytes: number;
  readonly subscriptions: number;
  /** Children that it would take, those it has included; orphans find a few places more. */
  readonly fanOut: number;
  /** At the root: nodes whose users publish, or did lately. */
  readonly publishers: readonly NodeHandle[];
  /** Children and readers that stand behind `next`, with how many bytes they lack. */
  readonly behind: readonly { readonly who: string; readonly bytes: number }[];
}

/** Gauges over all groups of a node. */
export interface MulticastStats {
  readonly groups: number;
  readonly roots: number;
  readonly orphans: number;
  readonly children: number;
  readonly subscriptions: number;
  /** Readers and children without room for what there is. */
  readonly slow: number;
  readonly retainedBytes: number;
  readonly unreceiptedBytes: number;
}

/** The picture of one group. Pure. */
export function describeGroup(turn: Turn, group: Group): GroupPicture {
  const { ring } = group;
  const children = [...group.children.values()].filter((child) => child.stage !== 'pending');
  return {
    group: group.id,
    name: group.descriptor?.name,
    stripe: group.descriptor?.stripe,
    role: roleOf(group),
    isVoter: group.isVoter(turn),
    parent: group.parent?.handle,
    children: children.map((child) => child.handle),
    backups: group.backups,
    record: group.record,
    accepted: group.accepted,
    low: ring.low,
    committed: group.deliverable,
    next: ring.next,
    retainedBytes: ring.bytes,
    subscriptions: group.subscriptions.size,
    fanOut: placesFor(turn, group, false),
    publishers: group.sequencer === undefined ? [] : [...group.intakes.values()].map(({ node }) => node),
    behind: [
      ...children.filter((child) => child.position < ring.next).map((child) => ({ who: child.handle.id as string, bytes: ring.bytesFrom(child.position) })),
      ...[...group.subscriptions.values()]
        .filter((reader) => (reader.position ?? ring.next) < group.deliverable)
        .map((reader) => ({ who: `subscription ${reader.id}`, bytes: ring.bytesFrom(reader.position ?? ring.next) })),
    ],
  };
}

/** Gauges over all groups, but for what publishers of this node have no receipt for. */
export function statsOf(turn: Turn, groups: readonly Group[]): Omit<MulticastStats, 'unreceiptedBytes'> {
  const sum = (of: (group: Group) => number): number => groups.reduce((total, group) => total + of(group), 0);
  return {
    groups: groups.length,
    roots: sum((group) => (group.sequencer === undefined ? 0 : 1)),
    orphans: sum((group) => (!group.closed && !group.attached && group.wanted(turn) ? 1 : 0)),
    children: sum((group) => group.children.size),
    subscriptions: sum((group) => group.subscriptions.size),
    slow: sum((group) => slowReaders(turn, group).length),
    retainedBytes: sum((group) => group.ring.bytes + (group.backfill?.ring.bytes ?? 0)),
  };
}

/** One group as explanation; times relative to now. */
export function groupState(turn: Turn, group: Group, now: Millis): Json {
  const picture = describeGroup(turn, group);
  const { attempt, seal, sequencer, promised } = group;
  return {
    role: picture.role,
    parent: picture.parent?.id ?? null,
    children: picture.children.map((child) => child.id),
    epoch: picture.record === undefined ? null : [picture.record.epoch.counter, picture.record.epoch.root],
    voters: picture.record?.voters.map((voter) => `${voter.id}@${voter.incarnation}`) ?? [],
    round: group.accepted?.round ?? null,
    promised: promised === undefined ? null : [promised.counter, promised.root],
    low: picture.low,
    committed: picture.committed,
    next: picture.next,
    bytes: picture.retainedBytes,
    subscriptions: [...group.subscriptions.values()].map((reader) => [reader.id, reader.position ?? null, reader.outstandingBytes]),
    attempt: attempt === undefined ? null : { target: attempt.target?.id ?? null, inMs: attempt.retryAt - now, joins: attempt.joins },
    seal: seal === undefined ? null : { phase: seal.phase, promises: seal.promises.size, ageMs: now - seal.since },
    owed: sequencer?.owed.length ?? 0,
    intakes: group.intakes.size,
  };
}

function roleOf(group: Group): TreeRole {
  if (group.closed) return 'closed';
  if (group.sequencer !== undefined) return 'root';
  if (group.parent === undefined) return 'orphan';
  return group.children.size > 0 ? 'forwarder' : 'leaf';
}
