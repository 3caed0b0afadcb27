import { digitAt, digitCount, ID_BITS, idFromBigInt, idToBigInt, sharedPrefix, type DigitBits, type Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';

/** Where in the table a node belongs: the row is the length of the shared prefix, the column the node's next digit. */
export interface Slot {
  readonly row: number;
  readonly column: number;
}

interface Row {
  readonly handles: (NodeHandle | undefined)[];
  /** Of the entry in the same column; Infinity when it was not measured. */
  readonly proximityMs: number[];
  count: number;
}

/**
 * R: for every length of prefix shared with `self`, and every next digit, one node, the nearest one met so far.
 * At most ceil(128 / b) rows of 2^b - 1 entries; about log_2^b N rows hold any. Pure data.
 * Source: Rowstron & Druschel 2001, §2.1.
 */
export class RoutingTable {
  readonly self: Id;
  readonly digitBits: DigitBits;
  readonly #rows: (Row | undefined)[] = [];
  #size = 0;

  constructor(self: Id, digitBits: DigitBits) {
    this.self = self;
    this.digitBits = digitBits;
  }

  get size(): number {
    return this.#size;
  }

  /** Rows from 0 on, up to the last one with an entry. */
  get depth(): number {
    return this.#rows.length;
  }

  slotOf(id: Id): Slot {
    const row = sharedPrefix(this.self, id, this.digitBits);
    return { row, column: row === digitCount(this.digitBits) ? 0 : digitAt(id, row, this.digitBits) };
  }

  /** The lowest and the highest key that would stand in this slot. */
  keysOf({ row, column }: Slot): { readonly low: Id; readonly high: Id } {
    const freeBits = BigInt(Math.max(0, ID_BITS - (row + 1) * this.digitBits));
    const above = BigInt(ID_BITS - row * this.digitBits);
    const low = ((idToBigInt(this.self) >> above) << above) + (BigInt(column) << freeBits);
    return { low: idFromBigInt(low), high: idFromBigInt(low + (1n << freeBits) - 1n) };
  }

  /** The entry for the next digit of `key`. */
  entryFor(key: Id): NodeHandle | undefined {
    if (key === this.self) return undefined;
    const index = sharedPrefix(this.self, key, this.digitBits);
    return this.#rows[index]?.handles[digitAt(key, index, this.digitBits)];
  }

  /** The entry in a slot. */
  at(slot: Slot): NodeHandle | undefined {
    return this.#rows[slot.row]?.handles[slot.column];
  }

  /** How far away the entry in a slot is; Infinity: it was not measured, or there is none. */
  msAt(slot: Slot): Millis {
    return this.#rows[slot.row]?.proximityMs[slot.column] ?? Infinity;
  }

  /** How far away an entry is, as far as it was measured before it came in; Infinity: it was not, or it is no entry. */
  proximityMs(id: Id): Millis {
    const { row, column } = this.slotOf(id);
    return this.#rows[row]?.handles[column]?.id === id ? (this.#rows[row].proximityMs[column] ?? Infinity) : Infinity;
  }

  /** How far away the entries of a row are on average, ms; 0 when none was measured. */
  meanMs(index: number): Millis {
    let sum = 0;
    let count = 0;
    for (const ms of this.#rows[index]?.proximityMs ?? NO_DISTANCES) {
      if (ms === Infinity) continue;
      sum += ms;
      count++;
    }
    return count === 0 ? 0 : sum / count;
  }

  get(id: Id): NodeHandle | undefined {
    const entry = this.entryFor(id);
    return entry?.id === id ? entry : undefined;
  }

  has(id: Id): boolean {
    return this.get(id) !== undefined;
  }

  /** True when a node at that distance would take its slot: the slot is empty, or its entry farther away. */
  wants(id: Id, proximityMs: Millis | undefined): boolean {
    if (id === this.self) return false;
    const { row: index, column } = this.slotOf(id);
    const row = this.#rows[index];
    const present = row?.handles[column];
    if (row === undefined || present === undefined) return true;
    return present.id !== id && proximityMs !== undefined && proximityMs < (row.proximityMs[column] ?? Infinity);
  }

  /**
   * Offers a node for its slot. True when it is now the entry: the slot was empty, its entry farther away,
   * or an older life or measurement of the same node.
   */
  offer(handle: NodeHandle, proximityMs: Millis | undefined, { row: index, column } = this.slotOf(handle.id)): boolean {
    if (handle.id === this.self) return false;
    const row = this.#rowAt(index);
    const present = row.handles[column];
    const presentMs = row.proximityMs[column] ?? Infinity;
    if (present?.id === handle.id) {
      if (present.incarnation > handle.incarnation) return false;
      row.proximityMs[column] = proximityMs ?? presentMs;
    } else {
      if (present !== undefined && (proximityMs ?? Infinity) >= presentMs) return false;
      row.proximityMs[column] = proximityMs ?? Infinity;
    }
    row.handles[column] = handle;
    if (present === undefined) {
      row.count++;
      this.#size++;
    }
    return true;
  }

  /** The slot that became empty. */
  remove(id: Id): Slot | undefined {
    if (!this.has(id)) return undefined;
    const slot = this.slotOf(id);
    const row = this.#rowAt(slot.row);
    row.handles[slot.column] = undefined;
    row.proximityMs[slot.column] = Infinity;
    row.count--;
    this.#size--;
    while (this.#rows.length > 0 && (this.#rows[this.#rows.length - 1]?.count ?? 0) === 0) this.#rows.pop();
    return slot;
  }

  /** The entries of one row, or of some of its columns: the i-th bit for the i-th. */
  row(index: number, columns = ALL_COLUMNS): readonly NodeHandle[] {
    const row = this.#rows[index];
    if (row === undefined || row.count === 0) return NO_HANDLES;
    return row.handles.filter((handle, column) => handle !== undefined && (columns & (1 << column)) !== 0) as NodeHandle[];
  }

  /** How far away the entries of one row are, in their order; null: not measured. */
  distances(index: number): readonly (Millis | null)[] {
    const row = this.#rows[index];
    return row === undefined ? [] : row.handles.flatMap((handle, column) => (handle === undefined ? [] : [finiteOrNull(row.proximityMs[column])]));
  }

  /** The entries from row `index` on, which share at least so many digits with us, nearest first; those not measured are left out. */
  nearestFrom(index: number): readonly NodeHandle[] {
    const measured: { readonly handle: NodeHandle; readonly ms: Millis }[] = [];
    for (const row of this.#rows.slice(index)) {
      row?.handles.forEach((handle, column) => {
        const ms = row.proximityMs[column] ?? Infinity;
        if (handle !== undefined && ms < Infinity) measured.push({ handle, ms });
      });
    }
    return measured.sort((a, b) => a.ms - b.ms).map(({ handle }) => handle);
  }

  /** Every entry, from the first row on. */
  *entries(): Generator<NodeHandle> {
    for (const row of this.#rows) {
      if (row === undefined || row.count === 0) continue;
      for (const handle of row.handles) if (handle !== undefined) yield handle;
    }
  }

  #rowAt(index: number): Row {
    const present = this.#rows[index];
    if (present !== undefined) return present;
    while (this.#rows.length < index) this.#rows.push(undefined);
    const columns = 2 ** this.digitBits;
    const row: Row = { handles: new Array<NodeHandle | undefined>(columns).fill(undefined), proximityMs: new Array<number>(columns).fill(Infinity), count: 0 };
    this.#rows[index] = row;
    return row;
  }
}

/** As many columns as there are digits of four bits. */
const ALL_COLUMNS = 0xffff;
const NO_DISTANCES: readonly Millis[] = [];
const NO_HANDLES: readonly NodeHandle[] = [];

function finiteOrNull(ms: Millis | undefined): Millis | null {
  return ms === undefined || ms === Infinity ? null : ms;
}
