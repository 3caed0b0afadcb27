/**
 * Where a node lies in a plane in which distance is round-trip time, and how high above it: the way from the node to the
 * network, which every route to it has to go. Whole numbers, so that they are small in memory and on the wire.
 * `x`, `y`, `height`: hundredths of a millisecond. `error`: by how many thousandths its predictions are off, below 1,000.
 * Source: Dabek, Cox, Kaashoek, Morris 2004 (Vivaldi, height vectors).
 */
export interface Coordinate {
  readonly x: number;
  readonly y: number;
  readonly height: number;
  readonly error: number;
}

/** Of a node whose place nobody told. */
export const NOWHERE: Coordinate = { x: 0, y: 0, height: 0, error: 1_000 };
