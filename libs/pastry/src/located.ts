import { NOWHERE, type Coordinate, type NodeHandle } from '@banyan/kbr';
import type { Peers } from '@banyan/peers';
import type { Located } from './messages.ts';

/** Nodes with the places they told us. */
export function located(nodes: readonly NodeHandle[], peers: Peers): Located {
  return nodes.length === 0 ? NOBODY : { nodes, places: nodes.map((node) => peers.placeOf(node.id)) };
}

/** Where the i-th node of a list lies, as far as its teller knew. */
export function placeAt(told: Located, index: number): Coordinate {
  return told.places[index] ?? NOWHERE;
}

const NOBODY: Located = { nodes: [], places: [] };
