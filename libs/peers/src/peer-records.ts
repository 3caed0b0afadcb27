import type { Id } from '@banyan/ids';
import { NOWHERE, type Coordinate, type NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import { RoundTrips } from './round-trip.ts';

const FIRST_ROOM = 8;
const GROWTH = 1.5;
/** Words of one place: x, y, height, error. */
const WIDTH = 4;

/**
 * The peers that a node knows, each with its newest life, when it was heard, where it said that it lies and how far it is. They are
 * most of what a node holds, so there is no object for each but a row in arrays, named by its number.
 */
export class PeerRecords {
  readonly roundTrips = new RoundTrips();
  /** In the order in which they became known, or were moved back. */
  readonly #rows = new Map<Id, number>();
  readonly #handles: NodeHandle[] = [];
  readonly #freeRows: number[] = [];
  /** The peer asked for last: in one turn it is nearly always the same one. */
  #lastId: Id | undefined;
  #lastRow: number | undefined;
  #heardAt = new Float64Array(0);
  #places = new Int32Array(0);

  get size(): number {
    return this.#rows.size;
  }

  /** Those known, in that order. */
  ids(): Iterable<Id> {
    return this.#rows.keys();
  }

  /** Their rows, in the same order. */
  rows(): Iterable<number> {
    return this.#rows.values();
  }

  /** The row of a peer; undefined when it is not known. */
  rowOf(id: Id): number | undefined {
    if (id === this.#lastId) return this.#lastRow;
    this.#lastId = id;
    this.#lastRow = this.#rows.get(id);
    return this.#lastRow;
  }

  /** Takes in a peer that is not known yet. */
  add(handle: NodeHandle, heardAt: Millis): void {
    const row = this.#freeRows.pop() ?? this.#handles.length;
    if (row === this.#heardAt.length) this.#grow();
    this.#rows.set(handle.id, row);
    this.#lastId = handle.id;
    this.#lastRow = row;
    this.#handles[row] = handle;
    this.#heardAt[row] = heardAt;
    this.setPlace(row, NOWHERE);
    this.roundTrips.clear(row);
  }

  delete(id: Id): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    this.#rows.delete(id);
    this.#lastId = undefined;
    this.#freeRows.push(row);
  }

  /** Takes a peer for one that became known just now. */
  moveBack(id: Id): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    this.#rows.delete(id);
    this.#rows.set(id, row);
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

  #grow(): void {
    const room = Math.max(FIRST_ROOM, Math.ceil(this.#heardAt.length * GROWTH));
    const heardAt = new Float64Array(room);
    heardAt.set(this.#heardAt);
    const places = new Int32Array(room * WIDTH);
    places.set(this.#places);
    this.#heardAt = heardAt;
    this.#places = places;
    this.roundTrips.reserve(room);
  }
}
