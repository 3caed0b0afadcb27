import { compareDistance, type Id } from '@banyan/ids';
import type { Coordinate, NodeHandle, RoutingView } from '@banyan/kbr';
import type { NodeContext } from './context.ts';
import type { PastryGeometry } from './geometry.ts';
import { nextHop } from './next-hop.ts';

/** What applications read of a Pastry node in their own turn. */
export class PastryView implements RoutingView {
  readonly self: NodeHandle;
  readonly #context: NodeContext;
  readonly #geometry: PastryGeometry;

  constructor(context: NodeContext, geometry: PastryGeometry) {
    this.self = context.self;
    this.#context = context;
    this.#geometry = geometry;
  }

  get ready(): boolean {
    return this.#context.phase === 'active';
  }

  isRoot(key: Id): boolean {
    if (!this.ready) return false;
    const hop = nextHop(this.#context.tables, { key, avoid: () => false });
    return hop?.rule === 'self' && this.#geometry.mayDeliver(key);
  }

  replicaSet(key: Id, max: number): readonly NodeHandle[] {
    const near = [this.self, ...this.#context.tables.leafSet.members];
    return near.sort((a, b) => compareDistance(key, a.id, b.id)).slice(0, max);
  }

  nextHops(key: Id, max: number): readonly NodeHandle[] {
    const { leafSet, table } = this.#context.tables;
    const known = new Map([...leafSet.members, ...table.entries()].map((node) => [node.id, node]));
    const nearer = [...known.values()].filter((node) => this.#geometry.makesProgress(key, node));
    return nearer.sort((a, b) => compareDistance(key, a.id, b.id)).slice(0, max);
  }

  leaves(): readonly NodeHandle[] {
    return this.#context.tables.leafSet.nearestFirst();
  }

  get place(): Coordinate {
    return this.#context.peers.place;
  }

  roundTripMs(peer: Id): number | undefined {
    return this.#context.peers.roundTripMs(peer);
  }
}
