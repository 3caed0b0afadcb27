import type { Id } from '@banyan/ids';
import type { PresentNode, PresentTree } from './present-tree.ts';

/** A root and the voters beside it. */
export interface Electorate {
  /** The root first. */
  readonly voters: readonly Id[];
  /** Mean round trip from the publishers (without any: from the subscribers) to the root, ms. */
  readonly publisherMsMean: number;
}

/** Voters that a group strives for. */
const VOTERS = 5;
/** Where nobody measured. */
const UNKNOWN_MS = 50;

/**
 * The root that is nearest to those who publish, among members that carry as many children as the group's fan-out asks of them, or as
 * any can; then voters near to it, each in a zone that has none yet while there is one: a receipt waits for a majority of them, and
 * a zone that dies must not take it along.
 */
export function bestElectorate(tree: PresentTree): Electorate | undefined {
  const { nodes, fanOutMax, publishers } = tree;
  const ends = publishers.length > 0 ? publishers : nodes.filter(({ hasSubscribers }) => hasSubscribers).map(({ id }) => id);
  const carriedMost = Math.max(0, ...nodes.map(({ capacity }) => capacity));
  const able = nodes.filter(({ capacity }) => capacity >= Math.min(fanOutMax, carriedMost));
  const [root] = sortedBy(able, (node) => meanMs(tree, ends, node.id));
  if (root === undefined) return undefined;
  const voters: PresentNode[] = [root];
  const wanted = Math.min(nodes.length, Math.max(VOTERS, nodes.filter(({ isVoter }) => isVoter).length));
  while (voters.length < wanted) {
    const rest = nodes.filter((node) => !voters.includes(node));
    const share = ({ zone }: PresentNode): number => voters.filter((voter) => voter.zone === zone).length;
    const fewest = Math.min(...rest.map(share));
    const [next] = sortedBy(rest.filter((node) => share(node) === fewest), ({ id }) => msBetween(tree, id, root.id));
    if (next === undefined) break;
    voters.push(next);
  }
  return { voters: voters.map(({ id }) => id), publisherMsMean: meanMs(tree, ends, root.id) };
}

/** The same of the root that there is. */
export function presentPublisherMs(tree: PresentTree): number {
  const root = tree.nodes.find(({ isRoot }) => isRoot);
  const ends = tree.publishers.length > 0 ? tree.publishers : tree.nodes.filter(({ hasSubscribers }) => hasSubscribers).map(({ id }) => id);
  return root === undefined ? 0 : meanMs(tree, ends, root.id);
}

/** The tree as it would be cast: another root and other voters, and no parents yet. */
export function withElectorate(tree: PresentTree, { voters }: Electorate): PresentTree {
  const nodes = tree.nodes.map((node) => ({ ...node, parent: undefined, isRoot: node.id === voters[0], isVoter: voters.includes(node.id) }));
  return { ...tree, nodes };
}

function meanMs(tree: PresentTree, ends: readonly Id[], to: Id): number {
  return ends.reduce((sum, end) => sum + msBetween(tree, end, to), 0) / Math.max(1, ends.length);
}

function msBetween({ roundTripMs }: PresentTree, a: Id, b: Id): number {
  return a === b ? 0 : (roundTripMs(a, b) ?? UNKNOWN_MS);
}

/** Equals in the order of ids, so that the answer does not depend on who reported first. */
function sortedBy(nodes: readonly PresentNode[], value: (node: PresentNode) => number): readonly PresentNode[] {
  return nodes.map((node) => ({ node, of: value(node) })).sort((a, b) => a.of - b.of || (a.node.id < b.node.id ? -1 : 1)).map(({ node }) => node);
}
