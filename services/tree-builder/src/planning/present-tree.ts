import type { Id } from '@banyan/ids';
import type { DeliveryClass } from '@banyan/multicast';

/** A node of the tree as it stands, by its own report. */
export interface PresentNode {
  readonly id: Id;
  /** Undefined at the root, and while it moves. */
  readonly parent: Id | undefined;
  readonly isRoot: boolean;
  readonly isVoter: boolean;
  readonly hasSubscribers: boolean;
  readonly region: string;
  readonly zone: string;
  /** Children that it carries at most. */
  readonly capacity: number;
}

/** A tree as it stands, and what its group promises. */
export interface PresentTree {
  readonly group: Id;
  readonly nodes: readonly PresentNode[];
  /** Nodes whose users publish. */
  readonly publishers: readonly Id[];
  readonly delivery: DeliveryClass;
  readonly fanOutMax: number;
  /** Round trip between two of them, ms; undefined: not known. */
  readonly roundTripMs: (a: Id, b: Id) => number | undefined;
}

/** What is asked. */
export type WhatIf =
  /** Every node with this zone label dies at once. */
  | { readonly type: 'loseZone'; readonly zone: string }
  | { readonly type: 'loseRegion'; readonly region: string }
  /** As many subscribers again, each where one is now. */
  | { readonly type: 'double' }
  /** The tree built anew, with so many children a node at most. */
  | { readonly type: 'fanOut'; readonly children: number }
  /** The tree built anew under the root, and with the voters, that suit its publishers best. */
  | { readonly type: 'bestRoot' };
