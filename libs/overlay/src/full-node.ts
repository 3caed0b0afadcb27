import type { NodeHandle } from '@banyan/kbr';
import { StripedMulticast, type Multicast, type MulticastConfig } from '@banyan/multicast';
import { PastryNode, type PastryConfig } from '@banyan/pastry';
import { assert, seededRng } from '@banyan/sansio';
import { createOverlayNode, type BuiltinApplications } from './create-overlay-node.ts';
import type { OverlayNode } from './overlay-node.ts';

/** The applications that a node of the service runs. */
export type FullApplications = BuiltinApplications & { readonly multicast: Multicast };

/** The `kind` of recordings made of such a node. */
export const FULL_NODE_KIND = 'overlay-node';

/** Everything that decides what such a node does, besides its inputs: what a recording's header holds. */
export interface FullNodeParts {
  readonly self: NodeHandle;
  readonly seed: number;
  readonly config: {
    readonly pastry: PastryConfig;
    readonly multicast: Partial<MulticastConfig>;
  };
}

/** A node as the service runs it, and the doors to its parts for pictures and gauges. */
export interface FullNode {
  readonly node: OverlayNode<FullApplications>;
  readonly routing: PastryNode;
  readonly multicast: Multicast;
}

/** Builds a node as the service runs it; the same parts give the same node, here and in a replay. */
export function createFullNode({ self, seed, config }: FullNodeParts): FullNode {
  const built: Multicast[] = [];
  const rng = seededRng(seed);
  const routing = new PastryNode({ self, rng, config: config.pastry });
  const node = createOverlayNode({
    self,
    rng,
    config: config.pastry,
    routing,
    applications: (parts) => {
      const multicast: Multicast = new StripedMulticast(parts.view, parts.rng, config.multicast);
      built.push(multicast);
      return { multicast };
    },
  });
  const [multicast] = built;
  assert(multicast !== undefined, 'applications are built with their node');
  return { node, routing, multicast };
}
