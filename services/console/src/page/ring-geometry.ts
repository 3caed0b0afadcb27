// Where ids lie on a circle: 0 at the top, growing clockwise.

/** A point of the drawing. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

const TURN_DIGITS = 12; // 48 bits: finer than any screen, and exact in a number
const TURN = 16 ** TURN_DIGITS;

/** Which part of the turn an id lies at, from 0 to 1. */
export function turnOf(id: string): number {
  return parseInt(id.slice(0, TURN_DIGITS), 16) / TURN;
}

/** The point at a part of the turn. */
export function pointAt(turn: number, radius: number): Point {
  const angle = turn * 2 * Math.PI;
  return { x: round(Math.sin(angle) * radius), y: round(-Math.cos(angle) * radius) };
}

/** A curve between two points of the ring that bends towards its centre, the more the farther they are apart. */
export function chord(from: Point, to: Point): string {
  const bend = 0.25;
  const [x, y] = [round(((from.x + to.x) / 2) * bend), round(((from.y + to.y) / 2) * bend)];
  return `M${from.x} ${from.y}Q${x} ${y} ${to.x} ${to.y}`;
}

/** The id before or after `id` on the ring, round the end; the first one when `id` is none of them. `ids` are sorted. */
export function neighborOf(ids: readonly string[], id: string | undefined, step: 1 | -1): string | undefined {
  const index = id === undefined ? -1 : ids.indexOf(id);
  return index < 0 ? ids[0] : ids[(index + step + ids.length) % ids.length];
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
