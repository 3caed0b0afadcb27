import { sharedPrefix, type Id } from '@banyan/ids';
import type { Hop, NodeHandle } from '@banyan/kbr';
import type { Peers } from '@banyan/peers';
import type { Millis, Rng } from '@banyan/sansio';
import type { Backups } from './backups.ts';
import type { Density } from './density.ts';
import { makesProgress, type RoutingState } from './next-hop.ts';
import { Remoteness } from './remoteness.ts';

/** How far beyond half a leaf set, as a share of it, a node is still looked at: estimates of distance err. */
const REACH_SHARE = 1.2;
/**
 * A further hop counts for so much beyond its way: one more node that may be slow, or gone and waited for. It decides only where a
 * near node may have the key's root as a leaf, and may not; a node that shares a longer prefix spares that hop.
 */
const HOP_MS: Millis = 50;
/** The scale of a logistic curve by its standard deviation. */
const LOGISTIC_SCALE = Math.sqrt(3) / Math.PI;

export interface HopChoiceDeps {
  readonly tables: RoutingState & { readonly backups: Backups };
  /** How far away nodes are, and where they say that they lie. */
  readonly peers: Pick<Peers, 'proximityMs' | 'placeOf' | 'place'>;
  readonly density: Density;
  readonly leafSetSize: number;
}

/**
 * Among all the nodes known that make progress, the one from which the way is likely to be shortest: its own distance, and
 * what is still ahead from there: rows, judged by the mean distances of our own, since rows are alike everywhere, and the last hop
 * to a root that may be anyone, which is shorter from the midst of all. The entry of the routing table is one candidate of
 * several: a near neighbor may share a longer prefix, a backup of the entry may lie better, and a node whose leaf set
 * seems to hold the key spares a row.
 * Source: proximity route selection after Gummadi et al. 2003, §3; coverage by density: Rowstron & Druschel 2001, §2.5.
 */
export class HopChoice {
  readonly #tables: HopChoiceDeps['tables'];
  readonly #peers: HopChoiceDeps['peers'];
  readonly #half: number;
  readonly #density: Density;

  constructor({ tables, peers, density, leafSetSize }: HopChoiceDeps) {
    this.#tables = tables;
    this.#peers = peers;
    this.#half = leafSetSize / 2;
    this.#density = density;
  }

  /** `hop`, or a better one; a neighbor that shares a longer prefix counts as `routing-table`, without row and column. */
  best(key: Id, hop: Hop, avoid: (peer: NodeHandle) => boolean): Hop {
    const own = sharedPrefix(this.#tables.self.id, key, this.#tables.table.digitBits);
    const remoteness = new Remoteness(this.#tables.leafSet.members, this.#peers);
    let best = hop;
    let bestMs = this.#wayMs(key, hop.to) + remoteness.ms(hop.to.id);
    const compare = (to: NodeHandle, rule: 'routing-table' | 'leaf-set'): void => {
      if (to.id === best.to.id || !makesProgress(this.#tables, key, to)) return;
      const wayMs = this.#wayMs(key, to) + remoteness.ms(to.id);
      if (wayMs >= bestMs || avoid(to)) return;
      best = { to, rule };
      bestMs = wayMs;
    };
    this.#compareAll(key, own, compare);
    return best;
  }

  /**
   * Any of the nodes known that make progress, each as likely as another; `hop` when there is no other.
   * Source: Rowstron & Druschel 2001, §2.2 (randomized routing: a message that is repeated takes another way, around a node
   * that takes messages and does not pass them on).
   */
  any(hop: Hop, { key, rng }: { readonly key: Id; readonly rng: Rng }, avoid: (peer: NodeHandle) => boolean): Hop {
    const { leafSet, neighborhood, table } = this.#tables;
    const others = new Map<Id, NodeHandle>();
    for (const node of [...table.entries(), ...leafSet.members, ...neighborhood.members()]) {
      if (makesProgress(this.#tables, key, node) && !avoid(node)) others.set(node.id, node);
    }
    const to = rng.pick([...others.values()]);
    return to === undefined || to.id === hop.to.id ? hop : { to, rule: leafSet.has(to.id) ? 'leaf-set' : 'routing-table' };
  }

  #compareAll(key: Id, own: number, compare: (to: NodeHandle, rule: 'routing-table' | 'leaf-set') => void): void {
    const { backups, leafSet, neighborhood, self, table } = this.#tables;
    const b = table.digitBits;
    for (const backup of backups.for(key)) compare(backup, 'routing-table');
    for (const neighbor of neighborhood.members()) if (sharedPrefix(neighbor.id, key, b) > own) compare(neighbor, 'routing-table');
    // While the cells of this row hold many more nodes than a leaf set, no other column can hold the key's root as a leaf.
    if (this.#density.nodes() / 2 ** (b * (own + 1)) > 4 * this.#half) return;
    for (const entry of table.row(own)) if (this.#mayCover(entry.id, key)) compare(entry, 'routing-table');
    if (this.#density.between(self.id, key) > 2 * this.#half) return;
    for (const leaf of leafSet.members) if (this.#mayCover(leaf.id, key)) compare(leaf, 'leaf-set');
  }

  // Round trips, as they are measured; without the last hop to the root.
  #wayMs(key: Id, to: NodeHandle): Millis {
    const { table } = this.#tables;
    const between = this.#density.between(to.id, key);
    let wayMs = this.#distanceMs(to);
    let uncovered = 1 - chanceWithin(between, this.#half);
    for (let row = sharedPrefix(to.id, key, table.digitBits); row < table.depth && uncovered > 0.01; row++) {
      wayMs += uncovered * (table.meanMs(row) + HOP_MS);
      const cell = this.#density.nodes() / 2 ** (table.digitBits * (row + 1));
      uncovered *= cell <= this.#half ? 0 : (1 - this.#half / cell) ** 2;
    }
    return wayMs;
  }

  #mayCover(id: Id, key: Id): boolean {
    return this.#density.between(id, key) <= REACH_SHARE * this.#half;
  }

  #distanceMs(to: NodeHandle): Millis {
    const { backups, table } = this.#tables;
    return this.#peers.proximityMs(to.id) ?? Math.min(table.proximityMs(to.id), backups.proximityMs(to.id));
  }
}

// Whether a node that seems `between` nodes away is within `reach` nodes. Two things err: the density, judged by 2 reach leaves,
// and where it is right, how many nodes chance has put on so short a piece of the ring.
function chanceWithin(between: number, reach: number): number {
  const deviation = Math.sqrt(1 / (2 * reach) + 1 / reach);
  return 1 / (1 + Math.exp((between / reach - 1) / (LOGISTIC_SCALE * deviation)));
}
