import { compareDistance, idToBigInt, type Id } from '@banyan/ids';
import { NOWHERE, type NodeHandle, type RoutingView } from '@banyan/kbr';

/** What one node believes, by what it was told so far. */
export function viewOf(self: NodeHandle, known: ReadonlyMap<Id, NodeHandle>): RoutingView {
  const nearest = (key: Id): NodeHandle[] => [self, ...known.values()].sort((a, b) => compareDistance(key, a.id, b.id));
  return {
    self,
    ready: true,
    isRoot: (key) => nearestOf(self, known, key) === self,
    replicaSet: (key, max) => nearest(key).slice(0, max),
    nextHops: () => [],
    leaves: () => nearest(self.id).filter((node) => node !== self).slice(0, 16),
    roundTripMs: () => 10,
    place: NOWHERE,
  };
}

/** One more bit of the key right, by way of the node that is next after this one; at last the numerically closest. */
export function nextHop(self: NodeHandle, known: ReadonlyMap<Id, NodeHandle>, key: Id): NodeHandle | undefined {
  const root = nearestOf(self, known, key);
  if (root === self) return undefined;
  const own = sharedBits(self.id, key);
  const better = [...known.values()].map((node) => ({ node, bits: sharedBits(node.id, key) })).filter(({ bits }) => bits > own);
  better.sort((a, b) => a.bits - b.bits || compareDistance(self.id, a.node.id, b.node.id));
  return better[0]?.node ?? root;
}

function nearestOf(self: NodeHandle, known: ReadonlyMap<Id, NodeHandle>, key: Id): NodeHandle {
  let nearest = self;
  for (const node of known.values()) if (compareDistance(key, node.id, nearest.id) < 0) nearest = node;
  return nearest;
}

function sharedBits(a: Id, b: Id): number {
  const differing = idToBigInt(a) ^ idToBigInt(b);
  return differing === 0n ? 128 : 128 - differing.toString(2).length;
}
