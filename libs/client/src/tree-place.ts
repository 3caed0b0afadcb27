import { idFromBytes, type Id } from '@banyan/ids';
import { multicast } from '@banyan/proto';
import { present } from './present.ts';
import { optionalRingNode, type RingNode } from './ring-node.ts';

/** A node's place in a group's tree. */
export interface TreePlace {
  readonly node: RingNode;
  readonly role: 'root' | 'forwarder' | 'leaf' | 'unknown';
  readonly parent: Id | undefined;
  readonly children: readonly Id[];
  readonly subscriptions: number;
  readonly epoch: bigint;
  /** Oldest sequence retained, last committed, and the one after the last held. */
  readonly low: bigint;
  readonly committed: bigint;
  readonly next: bigint;
  readonly isVoter: boolean;
}

/** A place of the API, with ids as text. */
export function treePlace(place: multicast.Place): TreePlace {
  const node = present(optionalRingNode(place.node), 'node');
  return {
    node,
    role: roles.get(place.role) ?? 'unknown',
    parent: optionalRingNode(place.parent)?.id,
    children: place.children.map((child) => idFromBytes(child.id)),
    subscriptions: place.subscribers,
    epoch: place.epoch,
    low: place.low,
    committed: place.committed,
    next: place.next,
    isVoter: place.voter,
  };
}

const roles: ReadonlyMap<multicast.Role, TreePlace['role']> = new Map<multicast.Role, TreePlace['role']>([
  [multicast.Role.ROOT, 'root'],
  [multicast.Role.FORWARDER, 'forwarder'],
  [multicast.Role.LEAF, 'leaf'],
]);
