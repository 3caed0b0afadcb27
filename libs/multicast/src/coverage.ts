import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import { childOf } from './children.ts';
import type { Sequence } from './epoch.ts';
import type { Group } from './group.ts';
import { CERTIFICATES_MAX, COVER_WORST_MAX, type Cover, type TreeMessage } from './messages.ts';
import type { Certificate } from './roster.ts';
import { takenBy } from './taken.ts';
import type { Turn } from './turn.ts';

/** Missing members that are named. */
const MISSING_MAX = 64;
/** Who of a named roster has what. Sequences are exclusive ends. */
export interface Coverage {
  /** Names the roster: raised by every change of it. */
  readonly rosterVersion: number;
  /** Nodes with readers, the missing ones among them. */
  readonly members: number;
  /** Everything below is committed. */
  readonly committed: Sequence;
  /** So many members have everything below `reached`. */
  readonly covered: number;
  readonly reached: Sequence;
  /** Those that have less, the farthest behind first; at most `COVER_WORST_MAX`, and every other member has `reached`. */
  readonly behind: readonly { readonly member: Id; readonly next: Sequence }[];
  /** Members that were in the tree within the last minute and are not now; at most 64 are named. */
  readonly missing: readonly Id[];
}

/** Says where this node stands, and what is new of those below it, until the parent has it. */
export function certify(turn: Turn, group: Group): void {
  const { parent, roster } = group;
  if (parent === undefined && group.sequencer === undefined) return;
  const own: Certificate = {
    member: turn.self.id,
    incarnation: turn.self.incarnation,
    moves: group.moves,
    parent: parent?.handle.id ?? turn.self.id,
    state: 'in',
    reads: group.subscriptions.size > 0,
  };
  roster.take(own, turn.now, turn.config.rosterMax);
  if (parent?.begun !== true || roster.version <= group.certifiedVersion || turn.now < group.certifyAt) return;
  group.certifyAt = turn.now + turn.config.beatMs;
  const { certificates, version } = roster.changesAfter(group.certifiedVersion, CERTIFICATES_MAX);
  turn.direct(parent.handle, { type: 'certify', group: group.id, base: group.certifiedVersion, version, certificates });
}

/** News from a child of itself and of those below it. */
export function onCertify(turn: Turn, group: Group, from: NodeHandle, news: Extract<TreeMessage, { type: 'certify' }>): void {
  const child = childOf(group, from);
  if (child === undefined) return;
  // From the beginning when the child is new here; else only what follows on what is known.
  if (news.base === 0 || news.base === child.rosterVersion) {
    for (const certificate of news.certificates) {
      if (!group.roster.take(certificate, turn.now, turn.config.rosterMax) && group.roster.size >= turn.config.rosterMax) turn.drop('roster_limit');
    }
    child.rosterVersion = news.version;
    if (child.cover !== undefined && child.cover.version < news.version) child.cover = undefined;
  }
  turn.direct(from, { type: 'certified', group: group.id, version: child.rosterVersion });
}

/** The parent has everything up to a version. */
export function onCertified(turn: Turn, group: Group, from: NodeHandle, version: number): void {
  if (group.parent?.handle.id !== from.id || version > group.roster.version) return;
  group.certifiedVersion = version;
  group.certifyAt = turn.now;
}

/** What everybody at and below this node has: the farthest behind by name, and what all others have at least. */
export function coverOf(turn: Turn, group: Group): Cover {
  // What nothing is known of yet is as far behind as can be; its first beat comes with the place it takes.
  const parts: Pick<Cover, 'worst' | 'rest'>[] = [...group.children.values()].filter(({ stage }) => stage !== 'pending').map(({ cover }) => cover ?? { worst: [], rest: 0 });
  const readers = [...group.subscriptions.values()];
  if (readers.length > 0) parts.push({ worst: [{ member: turn.self.id, next: Math.min(...readers.map((reader) => takenBy(group, reader))) }], rest: Infinity });
  return { version: group.roster.version, ...sumOfCovers(parts) };
}

/** Covers of disjoint parts as one; with at most `COVER_WORST_MAX` names. */
export function sumOfCovers(parts: readonly Pick<Cover, 'worst' | 'rest'>[]): Pick<Cover, 'worst' | 'rest'> {
  // Who changed its parent is named by both for a while: it is one member, and no claim may be above what it has.
  const nexts = new Map<Id, Sequence>();
  for (const { member, next } of parts.flatMap(({ worst }) => worst)) nexts.set(member, Math.min(next, nexts.get(member) ?? Infinity));
  const named = [...nexts].map(([member, next]) => ({ member, next })).sort((a, b) => a.next - b.next || (a.member < b.member ? -1 : 1));
  const rest = Math.min(...parts.map((part) => part.rest), named[COVER_WORST_MAX]?.next ?? Infinity);
  return { worst: named.slice(0, COVER_WORST_MAX).filter(({ next }) => next < rest), rest };
}

/** The coverage of the whole group; undefined where this node is not its root. */
export function coverageOf(turn: Turn, group: Group): Coverage | undefined {
  if (group.sequencer === undefined) return undefined;
  const { present, missing } = group.roster.members();
  const { worst, rest } = coverOf(turn, group);
  const committed = group.deliverable;
  const reached = Math.min(rest, committed);
  const isPresent = new Set(present);
  const behind = worst.filter(({ member, next }) => next < reached && isPresent.has(member));
  return { rosterVersion: group.roster.version, members: present.length + missing.length, committed, covered: present.length - behind.length, reached, behind, missing: missing.slice(0, MISSING_MAX) };
}
