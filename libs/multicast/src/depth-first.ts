import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Child, Group } from './group.ts';
import type { Turn } from './turn.ts';

/** What a search through a tree carries, so that nobody on its way keeps state. */
export interface DepthFirst {
  readonly visited: readonly Id[];
  /** Still to be visited, the next one first. */
  readonly ahead: readonly NodeHandle[];
}

/** Where a search goes from here, and what it carries then: children, nearest first, then the parent, then what lay ahead; of more than `aheadMax` the first. */
export function stepOn(turn: Turn, group: Group | undefined, { visited, ahead }: DepthFirst, isWanted: (child: Child) => boolean, aheadMax: number): { readonly next: NodeHandle | undefined; readonly ahead: readonly NodeHandle[] } {
  const known = new Set([...visited, ...ahead.map(({ id }) => id)]);
  const fresh = group === undefined ? [] : neighborsOf(turn, group, isWanted).filter(({ id }) => !known.has(id));
  const [next, ...rest] = [...fresh, ...ahead].slice(0, aheadMax);
  return { next, ahead: rest };
}

function neighborsOf(turn: Turn, group: Group, isWanted: (child: Child) => boolean): readonly NodeHandle[] {
  const far = (node: NodeHandle): number => turn.view.roundTripMs(node.id) ?? Number.MAX_SAFE_INTEGER;
  const children = [...group.children.values()].filter((child) => child.stage === 'flowing' && isWanted(child)).map(({ handle }) => handle);
  const parent = group.parent === undefined ? [] : [group.parent.handle];
  return [...children.sort((a, b) => far(a) - far(b)), ...parent];
}
