import { compareDistance, sharedPrefix, type Id } from '@banyan/ids';
import type { Hop, NodeHandle, Seek } from '@banyan/kbr';
import { distanceMs, type Peers } from '@banyan/peers';
import type { Millis } from '@banyan/sansio';
import type { Density } from './density.ts';
import { makesProgress, type RoutingState } from './next-hop.ts';

/** Share of the mean distance of the deepest row that coming to a node costs which is no replica: little, for it knows more. */
const DETOUR_SHARE = 0.1;

/**
 * The hop of a message that is to come by the replica nearest to its sender. Far from the key it is the table entry, as
 * always; near it every known node that makes progress is weighed by its distance from the sender, which coordinates tell,
 * and by the chance that it is one of the k closest to the key, which the density of ids tells. A leaf set that holds the key
 * knows the replicas on its side for certain.
 * Source: Rowstron & Druschel 2001, §2.5 (the heuristic: density of nodeIds, then numerical routing within the replica set).
 * Deviation: distances are the sender's, not those of the node that chooses: 0.74 of lookups meet the nearest of five first by
 * the latter, 0.85 by the former, in rings of 10,000 with perfect tables.
 */
export class ReplicaChoice {
  readonly #tables: RoutingState;
  readonly #peers: Peers;
  readonly #density: Density;

  constructor({ density, peers, tables }: { readonly tables: RoutingState; readonly peers: Peers; readonly density: Density }) {
    this.#tables = tables;
    this.#peers = peers;
    this.#density = density;
  }

  /** `hop`, the one straight to the root, or a better one; undefined when we hold a replica ourselves, as far as we know. */
  best(key: Id, { hop, seek }: { readonly hop: Hop; readonly seek: Seek }, avoid: (peer: NodeHandle) => boolean): Hop | undefined {
    const known = this.#knownReplicas(key, hop, seek);
    if (known?.has(this.#tables.self.id) === true) return undefined;
    const { table } = this.#tables;
    const detourMs = DETOUR_SHARE * table.meanMs(table.depth - 1);
    let best = hop;
    let bestMs = Infinity;
    for (const candidate of this.#candidates(key)) {
      const chance = known === undefined ? this.#chanceOfReplica(key, candidate.id, seek.replicas) : Number(known.has(candidate.id));
      const wayMs = this.#fromSenderMs(candidate, seek) + (1 - chance) * (detourMs + this.#aheadMs(key, candidate));
      if (wayMs >= bestMs || avoid(candidate)) continue;
      best = { to: candidate, rule: this.#tables.leafSet.has(candidate.id) ? 'leaf-set' : 'routing-table' };
      bestMs = wayMs;
    }
    // To the root itself it is the last hop, whoever chose it.
    return best.to.id === hop.to.id ? hop : best;
  }

  // Undefined while the leaf set does not hold the root. We are one of them only if nobody beyond our leaves can be nearer.
  #knownReplicas(key: Id, hop: Hop, { replicas }: Seek): ReadonlySet<Id> | undefined {
    if (hop.last !== true) return undefined;
    const { leafSet, self } = this.#tables;
    const beyond = leafSet.isAbove(key) ? leafSet.farthestRight : leafSet.farthestLeft;
    const seesAll = !leafSet.isFull || beyond === undefined || compareDistance(key, beyond.id, self.id) > 0;
    const nearest = [...(seesAll ? [self] : []), ...leafSet.members].sort((a, b) => compareDistance(key, a.id, b.id)).slice(0, replicas);
    return new Set(nearest.map(({ id }) => id));
  }

  *#candidates(key: Id): Generator<NodeHandle> {
    const { leafSet, neighborhood, self, table } = this.#tables;
    const own = sharedPrefix(self.id, key, table.digitBits);
    for (const leaf of leafSet.members) if (compareDistance(key, leaf.id, self.id) < 0) yield leaf;
    for (let row = own; row < table.depth; row++) {
      for (const entry of table.row(row)) if (makesProgress(this.#tables, key, entry)) yield entry;
    }
    for (const neighbor of neighborhood.members()) if (makesProgress(this.#tables, key, neighbor)) yield neighbor;
  }

  // The k - 1 others are all at least as near when at most so many of the nodes to be expected within its distance are there.
  #chanceOfReplica(key: Id, id: Id, replicas: number): number {
    const expected = 2 * this.#density.between(id, key);
    let term = Math.exp(-expected);
    let chance = term;
    for (let others = 1; others < replicas; others++) {
      term *= expected / others;
      chance += term;
    }
    return chance;
  }

  #fromSenderMs(node: NodeHandle, { from }: Seek): Millis {
    return distanceMs(from, this.#peers.placeOf(node.id));
  }

  // Rows still to go from there, as long as they are wide; our own tell how wide.
  #aheadMs(key: Id, node: NodeHandle): Millis {
    const { leafSet, table } = this.#tables;
    if (this.#density.between(node.id, key) <= leafSet.size / 2) return 0;
    let aheadMs = 0;
    for (let row = sharedPrefix(node.id, key, table.digitBits); row < table.depth; row++) {
      if (this.#density.nodes() / 2 ** (table.digitBits * (row + 1)) < 0.7) break;
      aheadMs += table.meanMs(row);
    }
    return aheadMs;
  }
}
