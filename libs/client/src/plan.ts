import { idFromBytes, type Id } from '@banyan/ids';
import type { builder } from '@banyan/proto';
import { present } from './present.ts';

/** A what-if about a group's tree. */
export type WhatIf =
  | { readonly type: 'loseZone'; readonly zone: string }
  | { readonly type: 'loseRegion'; readonly region: string }
  /** As many subscribers again, each where one is now. */
  | { readonly type: 'double' }
  /** The tree built anew with so many children a node at most. */
  | { readonly type: 'fanOut'; readonly children: number }
  /** The tree built anew under the root that is nearest to the publishers, with voters near it in distinct zones. */
  | { readonly type: 'bestRoot' };

/** A tree in figures. */
export interface TreeFigures {
  readonly nodes: number;
  readonly orphans: number;
  /** Hops from the root to the farthest. */
  readonly depthMax: number;
  /** One way from the root, ms. */
  readonly wayMsMean: number;
  readonly wayMsMax: number;
  readonly childrenMax: number;
  readonly root: Id | undefined;
  /** Round trip from the publishers (without any: the subscribers) to the root, mean. */
  readonly publisherMsMean: number;
}

/** What would become of a group's tree. */
export interface Plan {
  readonly before: TreeFigures;
  readonly after: TreeFigures;
  /** Nodes that would die, and voters among them. */
  readonly lost: number;
  readonly lostVoters: number;
  /** Until every node with subscribers that lives had something new, ms; undefined: not within a minute. */
  readonly reachedAfterMs: number | undefined;
  /** Nodes with subscribers that had nothing new by then. */
  readonly unreached: number;
  /** Messages that the subscriber who lost most would be told as a gap. */
  readonly messagesLost: number;
  /** Publishing would wait: too few voters would live. */
  readonly hasNoQuorum: boolean;
  /** Answers `bestRoot`: the root and the other voters. */
  readonly electorate: readonly Id[];
}

/** A what-if as the API has it. */
export function whatIfMessage(whatIf: WhatIf): builder.PlanRequest['whatIf'] {
  switch (whatIf.type) {
    case 'loseZone':
      return { $case: 'loseZone', value: whatIf.zone };
    case 'loseRegion':
      return { $case: 'loseRegion', value: whatIf.region };
    case 'double':
      return { $case: 'double', value: true };
    case 'bestRoot':
      return { $case: 'bestRoot', value: true };
    case 'fanOut':
      return { $case: 'fanOut', value: whatIf.children };
  }
}

/** A plan of the API. */
export function planOf({ before, after, lost, lostVoters, reachedAfterMs, unreached, messagesLost, noQuorum, electorate }: builder.PlanResponse): Plan {
  return { before: figuresOf(present(before, 'before')), after: figuresOf(present(after, 'after')), lost, lostVoters, reachedAfterMs, unreached, messagesLost, hasNoQuorum: noQuorum, electorate: electorate.map(idFromBytes) };
}

function figuresOf({ root, nodes, orphans, depthMax, wayMsMean, wayMsMax, childrenMax, publisherMsMean }: builder.TreeFigures): TreeFigures {
  return { nodes, orphans, depthMax, wayMsMean, wayMsMax, childrenMax, publisherMsMean, root: root.length === 0 ? undefined : idFromBytes(root) };
}
