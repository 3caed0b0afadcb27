import type { Id } from '@banyan/ids';
import { NOWHERE, type Coordinate, type NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import { RoundTrips } from './round-trip.ts';

const FIRST_ROOM = 8;
const GROWTH = 1.5;
/** Words of one place: x, y, height, error. */
const WIDTH = 4;

/** Which of the peers known may be forgotten for another. */
export interface KeepingRule {
  /** So many are known at most, unless more are needed. */
  readonly max: number;
  /** True for a peer that is needed. */
  readonly keeps: (peer: Id) => boolean;
}

/**
 * The peers that a node knows, each with its newest life, when it was heard, where it said that it lies and how far it is. They are
 * most of what a node holds, so there is no object for each but a row in arrays, named by its number; the row of an id is found by
 * a table of two bytes a slot, for a map of three hundred strings takes more than all the rows. A peer that is not needed gives its
 * row to a new one where a hand stands that goes round: the one known longest, not counting those passed over because they were needed.
 */
export class PeerRecords {
  readonly roundTrips = new RoundTrips();
  readonly #handles: NodeHandle[] = [];
  /** Rows, plus one; 0 is empty. An id stands in the first free slot from the one that its digits name. A power of two, at least twice as many as rows. */
  #slots = new Uint16Array(0);
  /** The row looked at next when one has to go. */
  #hand = 0;
  /** The peer asked for last: in one turn it is nearly always the same one. */
  #lastId: Id | undefined;
  #lastRow: number | undefined;
  #heardAt = new Float64Array(0);
  #places = new Int32Array(0);

  get size(): number {
    return this.#handles.length;
  }

  /** All rows, that of the peer known longest first. */
  rows(): readonly number[] {
    const { size } = this;
    return Array.from({ length: size }, (_, i) => (this.#hand + i) % size);
  }

  /** The row of a peer; undefined when it is not known. */
  rowOf(id: Id): number | undefined {
    if (id === this.#lastId) return this.#lastRow;
    this.#lastId = id;
    this.#lastRow = this.#find(id);
    return this.#lastRow;
  }

  /** Takes in a peer that is not known yet, in place of one that is not needed when there are as many as may be. */
  add(handle: NodeHandle, heardAt: Millis, rule: KeepingRule): void {
    const row = this.#giveRow(rule);
    this.#handles[row] = handle;
    this.#enter(handle.id, row);
    this.#lastId = handle.id;
    this.#lastRow = row;
    this.#heardAt[row] = heardAt;
    this.setPlace(row, NOWHERE);
    this.roundTrips.clear(row);
  }

  handle(row: number): NodeHandle {
    return this.#handles[row] as NodeHandle;
  }

  setHandle(row: number, handle: NodeHandle): void {
    this.#handles[row] = handle;
  }

  heardAt(row: number): Millis {
    return this.#heardAt[row] ?? -Infinity;
  }

  setHeardAt(row: number, now: Millis): void {
    this.#heardAt[row] = now;
  }

  place(row: number): Coordinate {
    const places = this.#places;
    const at = row * WIDTH;
    return { x: places[at] ?? 0, y: places[at + 1] ?? 0, height: places[at + 2] ?? 0, error: places[at + 3] ?? 0 };
  }

  setPlace(row: number, { x, y, height, error }: Coordinate): void {
    const at = row * WIDTH;
    this.#places[at] = x;
    this.#places[at + 1] = y;
    this.#places[at + 2] = height;
    this.#places[at + 3] = error;
  }

  #giveRow({ max, keeps }: KeepingRule): number {
    const { size } = this;
    for (let looked = size < max ? size : 0; looked < size; looked++) {
      const row = this.#hand;
      this.#hand = (row + 1) % size;
      if (keeps(this.handle(row).id)) continue;
      this.#forget(row);
      return row;
    }
    if (size === this.#heardAt.length) this.#grow(size < max ? max : Infinity);
    return size;
  }

  #find(id: Id): number | undefined {
    const mask = this.#slots.length - 1;
    for (let slot = homeOf(id) & mask; mask > 0; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] as number;
      if (entry === 0) return undefined;
      if (this.handle(entry - 1).id === id) return entry - 1;
    }
    return undefined;
  }

  #enter(id: Id, row: number): void {
    const mask = this.#slots.length - 1;
    let slot = homeOf(id) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = row + 1;
  }

  // Whoever stands behind the gap, and would have stood in it had it been free, moves up: then nobody is looked for in vain.
  #forget(row: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let gap = homeOf(this.handle(row).id) & mask;
    while (slots[gap] !== row + 1) gap = (gap + 1) & mask;
    for (let slot = (gap + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = slots[slot] as number;
      const home = homeOf(this.handle(entry - 1).id) & mask;
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      slots[gap] = entry;
      gap = slot;
    }
    slots[gap] = 0;
  }

  #grow(roomMax: number): void {
    const room = Math.min(roomMax, Math.max(FIRST_ROOM, Math.ceil(this.#heardAt.length * GROWTH)));
    const heardAt = new Float64Array(room);
    heardAt.set(this.#heardAt);
    const places = new Int32Array(room * WIDTH);
    places.set(this.#places);
    this.#heardAt = heardAt;
    this.#places = places;
    this.roundTrips.reserve(room);
    this.#slots = new Uint16Array(2 ** Math.ceil(Math.log2(2 * room)));
    for (const [row, handle] of this.#handles.entries()) this.#enter(handle.id, row);
  }
}

/** Bits of an id's first and last digits: leaves have the first in common. */
function homeOf(id: Id): number {
  const { length } = id;
  let home = (digit(id, 0) << 4) ^ digit(id, 1);
  for (let at = length - 4; at < length; at++) home = (home << 4) ^ digit(id, at);
  return home;
}

/** The value of a hexadecimal digit, small letters. */
function digit(id: Id, at: number): number {
  const code = id.charCodeAt(at);
  return (code & 15) + (code >> 6) * 9;
}
