// The Equal Earth projection (Šavrič, Patterson & Jenny 2018): areas are true, and it looks like the Earth.
import type { Point } from './ring-geometry.ts';

const [A1, A2, A3, A4] = [1.340264, -0.081106, 0.000893, 0.003796];
const M = Math.sqrt(3) / 2;
const SCALE = 100;

/** Width of the whole Earth as it is drawn. */
export const WORLD_WIDTH = 542;

/** Where a place is drawn; the equator at Greenwich is the origin, y grows to the south. */
export function project(longitude: number, latitude: number): Point {
  const t = Math.asin(M * Math.sin((latitude * Math.PI) / 180));
  const t2 = t * t;
  const t6 = t2 * t2 * t2;
  const x = ((longitude * Math.PI) / 180) * Math.cos(t) / (M * (A1 + 3 * A2 * t2 + t6 * (7 * A3 + 9 * A4 * t2)));
  const y = t * (A1 + A2 * t2 + t6 * (A3 + A4 * t2));
  return { x: round(x * SCALE), y: round(-y * SCALE) };
}

/** Where the `index`th of many points around a place is drawn: a sunflower, so that none hides another. */
export function around(centre: Point, index: number, spacing = 3): Point {
  const angle = index * 2.399963; // the golden angle
  const distance = spacing * Math.sqrt(index);
  return { x: round(centre.x + distance * Math.cos(angle)), y: round(centre.y + distance * Math.sin(angle)) };
}

/** A ring of [longitude, latitude] as an SVG path, in pieces where it goes over the edge of the map. */
export function outlinePath(ring: readonly (readonly [number, number])[]): string {
  return piecesOf(ring).map((piece) => `${piece.map(([longitude, latitude]) => project(longitude, latitude)).map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('')}Z`).join('');
}

// It is turned first, so that it begins at an edge and no piece is cut where the ring happened to begin.
function piecesOf(ring: readonly (readonly [number, number])[]): readonly (readonly (readonly [number, number])[])[] {
  const goesOver = (index: number): boolean => Math.abs((ring[index]?.[0] ?? 0) - (ring.at(index - 1)?.[0] ?? 0)) > 180;
  const start = ring.findIndex((_, index) => goesOver(index));
  if (start < 0) return [ring];
  const pieces: (readonly [number, number])[][] = [];
  for (let step = 0; step < ring.length; step++) {
    const index = (start + step) % ring.length;
    const point = ring[index];
    if (goesOver(index)) pieces.push([]);
    if (point !== undefined) pieces.at(-1)?.push(point);
  }
  return pieces;
}

/**
 * Latitude and longitude of a region by its name: as the table has it, else by ever shorter beginnings
 * (`eu-central-1`, `eu-central`, `eu`).
 */
export function placeOf(region: string, table: Readonly<Record<string, readonly [number, number]>>): readonly [number, number] | undefined {
  const lower = region.toLowerCase();
  for (let name = lower; name !== ''; name = shorter(name)) if (table[name] !== undefined) return table[name];
  return table[region];
}

function shorter(name: string): string {
  const withoutNumber = name.replace(/-?\d+[a-z]?$/, '');
  return withoutNumber !== name ? withoutNumber : name.slice(0, Math.max(0, name.lastIndexOf('-')));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
