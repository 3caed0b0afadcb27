import { digitCount, type Id } from '@banyan/ids';
import { handleState, type NodeHandle } from '@banyan/kbr';
import type { Bound, Json, Millis } from '@banyan/sansio';
import { Backups, BACKUPS_MAX } from './backups.ts';
import type { PastryConfig } from './config.ts';
import type { FilledTables } from './fill-tables.ts';
import { LeafSet } from './leaf-set.ts';
import { NeighborhoodSet } from './neighborhood-set.ts';
import { knowsWholeRing, type RoutingState } from './next-hop.ts';
import { RoutingTable, type Slot } from './routing-table.ts';

/** Where a node stood that is no longer in any table. */
export interface Removal {
  /** It was a leaf, and there next to us, above or below. */
  readonly leaf: { readonly wasNeighbor: boolean; readonly above: boolean } | undefined;
  readonly slot: Slot | undefined;
}

/** What happened to the leaf set since it was last asked. */
export interface LeafChanges {
  readonly gained: readonly NodeHandle[];
  readonly lost: readonly NodeHandle[];
}

/** Leaf set, routing table with its backups, and neighborhood set of one node, and what changed among the leaves during a turn. */
export class Tables implements RoutingState {
  readonly self: NodeHandle;
  readonly leafSet: LeafSet;
  readonly table: RoutingTable;
  readonly backups: Backups;
  readonly neighborhood: NeighborhoodSet;
  readonly #gained = new Map<Id, NodeHandle>();
  readonly #lost = new Map<Id, NodeHandle>();
  #leavesChanged = false;

  readonly #config: PastryConfig;

  constructor(self: NodeHandle, config: PastryConfig) {
    this.self = self;
    this.#config = config;
    this.leafSet = new LeafSet(self.id, config.leafSetSize);
    this.table = new RoutingTable(self.id, config.digitBits);
    this.backups = new Backups(this.table);
    this.neighborhood = new NeighborhoodSet(config.neighborhoodSize);
  }

  /** True when the node stands in leaf set, routing table or neighborhood set; backups are only remembered. */
  has(id: Id): boolean {
    return this.leafSet.has(id) || this.table.has(id) || this.neighborhood.has(id);
  }

  /** Where the leaves are all that is left of what we know, the ring may have become so small that each half takes in all sides. */
  widen(): void {
    if (!this.leafSet.isFull && knowsWholeRing(this)) this.leafSet.becomeWholeRing();
  }

  /** True when it came in. */
  insertLeaf(handle: NodeHandle): boolean {
    this.widen();
    const { gained, lost } = this.leafSet.insert(handle);
    if (lost !== undefined) this.#note(this.#gained, this.#lost, lost);
    if (gained !== undefined) this.#note(this.#lost, this.#gained, gained);
    return gained !== undefined;
  }

  /** Offers an active node for its table slot and for the neighborhood set. */
  offer(handle: NodeHandle, proximityMs: Millis | undefined): void {
    const slot = this.table.slotOf(handle.id);
    const former = this.table.at(slot);
    const formerMs = this.table.msAt(slot);
    const isEntry = this.table.offer(handle, proximityMs, slot);
    if (isEntry) this.backups.remove(handle.id, slot);
    if (former !== undefined && former.id !== handle.id) {
      if (!isEntry && proximityMs !== undefined) this.backups.offer(handle, proximityMs, slot);
      else if (isEntry && formerMs < Infinity) this.backups.offer(former, formerMs, slot);
    }
    if (proximityMs !== undefined) this.neighborhood.offer(handle, proximityMs);
  }

  /** Takes what was found out elsewhere, as if it had always stood here. */
  fill({ leaves, entries, backups, neighborhood }: FilledTables): void {
    for (const leaf of leaves) this.insertLeaf(leaf);
    for (const { handle, proximityMs } of entries) this.table.offer(handle, proximityMs);
    for (const { handle, proximityMs } of backups) this.backups.offer(handle, proximityMs);
    for (const { handle, proximityMs } of neighborhood) this.neighborhood.offer(handle, proximityMs);
    this.takeLeafChanges();
  }

  /** Takes a node out of every table. */
  remove(id: Id): Removal {
    const wasNeighbor = this.leafSet.isNeighbor(id);
    const leaf = this.leafSet.remove(id);
    if (leaf !== undefined) this.#note(this.#gained, this.#lost, leaf);
    const slot = this.table.remove(id);
    this.backups.remove(id);
    this.neighborhood.remove(id);
    return { leaf: leaf === undefined ? undefined : { wasNeighbor, above: this.leafSet.isAbove(id) }, slot };
  }

  /** The leaves gained and lost since the last call; undefined when none. */
  takeLeafChanges(): LeafChanges | undefined {
    if (!this.#leavesChanged) return undefined;
    this.#leavesChanged = false;
    if (this.#gained.size === 0 && this.#lost.size === 0) return undefined;
    const changes = { gained: [...this.#gained.values()], lost: [...this.#lost.values()] };
    this.#gained.clear();
    this.#lost.clear();
    return changes;
  }

  /** Each table's size and limit; the routing table has one place a slot, and some backups. */
  bounds(): readonly Bound[] {
    const { leafSetSize, neighborhoodSize } = this.#config;
    return [
      { name: 'leaves', size: this.leafSet.size, limit: leafSetSize },
      { name: 'neighbors', size: this.neighborhood.size, limit: neighborhoodSize },
      { name: 'backups', size: this.backups.size, limit: BACKUPS_MAX * digitCount(this.table.digitBits) * 2 ** this.table.digitBits },
    ];
  }

  state(): Json {
    const rows = Array.from({ length: this.table.depth }, (_, row) => this.table.row(row).map((handle) => handle.id));
    return {
      leafSet: this.leafSet.members.map(handleState),
      wasFull: this.leafSet.wasFull,
      table: rows,
      tableMs: Array.from({ length: this.table.depth }, (_, row) => this.table.distances(row)),
      backups: this.backups.state(),
      neighborhood: this.neighborhood.members().map((neighbor) => neighbor.id),
      neighborhoodMs: this.neighborhood.distances(),
    };
  }

  // Coming and going of the same life within one turn cancel out.
  #note(opposite: Map<Id, NodeHandle>, side: Map<Id, NodeHandle>, handle: NodeHandle): void {
    this.#leavesChanged = true;
    if (opposite.get(handle.id)?.incarnation === handle.incarnation) opposite.delete(handle.id);
    else side.set(handle.id, handle);
  }
}
