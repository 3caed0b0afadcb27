import type { Id } from '@banyan/ids';
import { handleState, type NodeHandle } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';
import type { RoutingTable, Slot } from './routing-table.ts';

/** Nodes kept for one slot beside its entry. */
export const BACKUPS_MAX = 4;

interface Backup {
  readonly handle: NodeHandle;
  readonly proximityMs: Millis;
}

/**
 * Nodes that were measured and stand in no slot because its entry is nearer: the nearest `BACKUPS_MAX` for each slot. One of
 * them fills the hole when the entry dies, and as a hop one may be the better: a little farther from here, and so near to the
 * key that it spares a hop. Nobody looks whether they live; whoever uses one must. Pure data.
 * Source: Zhao et al. 2004, §3.1 (an entry of Tapestry has a primary and two backups). Deviation: four, for they are candidates
 * for a hop as well, and of four one more often lies well.
 */
export class Backups {
  readonly #table: RoutingTable;
  readonly #slots = new Map<number, readonly Backup[]>();

  constructor(table: RoutingTable) {
    this.#table = table;
  }

  /** Every backup. */
  get size(): number {
    let size = 0;
    for (const kept of this.#slots.values()) size += kept.length;
    return size;
  }

  /** Those of one slot, nearest first. */
  of(slot: Slot): readonly NodeHandle[] {
    return this.#slots.get(this.#keyOf(slot))?.map(({ handle }) => handle) ?? NONE;
  }

  /** Those for the next digit of `key`, nearest first. */
  for(key: Id): readonly NodeHandle[] {
    return this.of(this.#table.slotOf(key));
  }

  /** How far away a backup is, as it was measured; Infinity: it is none. */
  proximityMs(id: Id): Millis {
    const kept = this.#slots.get(this.#keyOf(this.#table.slotOf(id)));
    return kept?.find(({ handle }) => handle.id === id)?.proximityMs ?? Infinity;
  }

  /** Keeps a node that was measured, if it is among the nearest for its slot; a newer life takes the place of an older one. */
  offer(handle: NodeHandle, proximityMs: Millis, slot = this.#table.slotOf(handle.id)): void {
    const key = this.#keyOf(slot);
    const present = this.#slots.get(key) ?? NO_BACKUPS;
    const farthest = present[BACKUPS_MAX - 1];
    if (farthest !== undefined && farthest.proximityMs <= proximityMs && present.every((kept) => kept.handle.id !== handle.id)) return;
    const others = present.filter((kept) => kept.handle.id !== handle.id);
    const at = others.findIndex((kept) => proximityMs < kept.proximityMs);
    const place = at === -1 ? others.length : at;
    if (place >= BACKUPS_MAX) return;
    this.#slots.set(key, [...others.slice(0, place), { handle, proximityMs }, ...others.slice(place)].slice(0, BACKUPS_MAX));
  }

  remove(id: Id, slot = this.#table.slotOf(id)): void {
    const key = this.#keyOf(slot);
    const kept = this.#slots.get(key);
    if (kept === undefined) return;
    const others = kept.filter(({ handle }) => handle.id !== id);
    if (others.length === 0) this.#slots.delete(key);
    else if (others.length < kept.length) this.#slots.set(key, others);
  }

  state(): Json {
    const slots = [...this.#slots].sort(([a], [b]) => a - b);
    return slots.map(([slot, kept]) => ({ slot, nodes: kept.map(({ handle, proximityMs }) => [handleState(handle), proximityMs]) }));
  }

  #keyOf({ row, column }: Slot): number {
    return row * 2 ** this.#table.digitBits + column;
  }
}

const NONE: readonly NodeHandle[] = [];
const NO_BACKUPS: readonly Backup[] = [];
