import type { RoutingView } from '@banyan/kbr';
import { PastryNode, type PastryDeps } from '@banyan/pastry';
import type { Rng } from '@banyan/sansio';
import { Attached } from './attached/attached.ts';
import type { Applications } from './contract.ts';
import { Lookup } from './lookup/lookup.ts';
import { OverlayNode } from './overlay-node.ts';

/** The applications every node has; their names travel in envelopes. */
export type BuiltinApplications = {
  readonly lookup: Lookup;
  readonly attached: Attached;
};

/** What an application is built with: its node's routing, to read, and chance of its own. */
export interface ApplicationParts {
  readonly view: RoutingView;
  readonly rng: Rng;
}

export interface OverlayNodeDeps<A extends Applications> extends PastryDeps {
  /** Builds the further applications by name; they must be the same on every node of the ring. */
  readonly applications: (parts: ApplicationParts) => A;
  /** The routing machine, when it is not to be a new Pastry node: a member of a filled ring, in the lab. */
  readonly routing?: PastryNode;
}

/** A whole node: Pastry below, lookup, attached applications and what else is asked for above. */
export function createOverlayNode<A extends Applications>(deps: OverlayNodeDeps<A>): OverlayNode<BuiltinApplications & A> {
  const rng = deps.rng.fork();
  const routing = deps.routing ?? new PastryNode(deps);
  const builtin: BuiltinApplications = { lookup: new Lookup(routing.view), attached: new Attached(routing.view) };
  return new OverlayNode(routing, { ...builtin, ...deps.applications({ view: routing.view, rng }) });
}
