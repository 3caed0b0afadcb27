import { compareDistance } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { EpochRecord } from './epoch.ts';
import type { Group } from './group.ts';
import type { Turn } from './turn.ts';

/** What a root wants changed in its electorate. */
export interface ElectorateChange {
  /** Invited nodes that hold the history and join the voters. */
  readonly learners: readonly NodeHandle[];
  /** Voters that are dead, out of the tree, or leaving: their promise counts, but others are named in their place. */
  readonly replaced: readonly NodeHandle[];
}

/** Who answered a proposer, and how. */
export interface Poll extends ElectorateChange {
  readonly base: EpochRecord;
  readonly promises: ReadonlyMap<string, { readonly from: NodeHandle }>;
  /** Voters that came back in a newer life, without memory. */
  readonly restarted: ReadonlySet<string>;
}

/**
 * Who votes besides the proposer once the last record is followed. Deaths that the last record bears may come before the new one
 * is decided, so the new one must bear as many; and who is silent may be dead, paused, or cut off, which nobody here can tell.
 * So voters are replaced one for one, and never only left out: first those that promised and those invited, then those that
 * are silent without being thought dead, then those that leave; leaves of the ring stand in for the rest. Among equals the nearest to
 * the key comes first.
 */
export function nextVoters(turn: Turn, group: Group, poll: Poll): readonly NodeHandle[] {
  const { base, learners, promises } = poll;
  const othersMax = turn.config.voters - 1;
  // Nobody is left of them: the leaves begin anew.
  if (promises.size === 0) return nearest(turn, group, turn.view.replicaSet(group.id, turn.config.voters)).slice(0, othersMax);
  const sure = nearest(turn, group, [...[...promises.values()].map(({ from }) => from), ...learners]).filter((node) => !isReplaced(poll, node));
  // Without a quorum there is nothing to be kept by those who do not answer.
  if (!group.reliable) return sure.filter((node) => !turn.neighbors.isDeparting(node)).slice(0, othersMax);
  const silent = base.voters.filter((voter) => !promises.has(voter.id) && !isGone(turn, poll, voter) && !isReplaced(poll, voter));
  const doubt = (node: NodeHandle): number => (turn.neighbors.isDeparting(node) ? 3 : sure.includes(node) ? 0 : node.id === base.root.id ? 2 : 1);
  const isLostRoot = (node: NodeHandle): boolean => doubt(node) === 2;
  const others = nearest(turn, group, [...sure, ...silent.filter((node) => !isLostRoot(node))]).sort((a, b) => doubt(a) - doubt(b)).slice(0, othersMax);
  const standIns = standInsFor(turn, group, poll).filter(({ id }) => !others.some((other) => other.id === id));
  while (others.length < Math.min(othersMax, base.voters.length - 1) && standIns.length > 0) others.push(...standIns.splice(0, 1));
  // The root, whose silence may be why this node proposes itself, comes after all others: roots may die faster than the ring notices.
  others.push(...silent.filter(isLostRoot).slice(0, Math.max(0, Math.min(othersMax, base.voters.length - 1) - others.length)));
  if (others.length % 2 === 1) even(others, standIns[0] ?? spurned(turn, group, poll, others), doubt);
  return others;
}

/** Leaves of the ring that could vote in place of voters that are gone, nearest to the key first; voters that started again among them. */
export function standInsFor(turn: Turn, group: Group, { base, replaced }: Pick<Poll, 'base' | 'replaced'>): NodeHandle[] {
  const isNew = (node: NodeHandle): boolean => !base.voters.some((voter) => voter.id === node.id && voter.incarnation >= node.incarnation);
  const near = turn.view.replicaSet(group.id, turn.config.voters + base.voters.length);
  return nearest(turn, group, near).filter((node) => isNew(node) && turn.neighbors.stays(node) && !replaced.some(({ id, incarnation }) => id === node.id && incarnation >= node.incarnation));
}

/**
 * With the proposer an odd number votes: one more costs nothing, since the majority stays what it was. Without one, an even number
 * tolerates no more deaths than one fewer does, and that needs one voter less to go on.
 */
function even(others: NodeHandle[], oneMore: NodeHandle | undefined, doubt: (node: NodeHandle) => number): void {
  const last = others.at(-1);
  if (oneMore !== undefined) others.push(oneMore);
  else if (last !== undefined && doubt(last) > 0) others.pop();
}

/** A voter that is thought dead or out of the tree, in case it is not; who leaves or forgot is no help. */
function spurned(turn: Turn, group: Group, { base, restarted }: Poll, others: readonly NodeHandle[]): NodeHandle | undefined {
  const isNamed = (node: NodeHandle): boolean => others.some(({ id }) => id === node.id);
  return nearest(turn, group, base.voters).find((voter) => !isNamed(voter) && !restarted.has(voter.id) && !turn.neighbors.isDeparting(voter));
}

function nearest(turn: Turn, group: Group, nodes: readonly NodeHandle[]): NodeHandle[] {
  const named = new Map(nodes.filter((node) => node.id !== turn.self.id).map((node) => [node.id, node]));
  return [...named.values()].sort((a, b) => compareDistance(group.id, a.id, b.id));
}

function isGone(turn: Turn, { restarted }: Poll, voter: NodeHandle): boolean {
  return restarted.has(voter.id) || turn.neighbors.isDead(voter);
}

function isReplaced({ replaced }: Poll, node: NodeHandle): boolean {
  return replaced.some(({ id, incarnation }) => id === node.id && incarnation === node.incarnation);
}
