// Where the members of a tree are drawn: a row for each depth, leaves side by side, a parent above the middle of its children.
import type { PlaceView } from '../contract.ts';

/** A member with its place in the drawing, in units of one member each way. */
export interface PlacedMember {
  readonly place: PlaceView;
  readonly column: number;
  readonly depth: number;
  /** False while it, or one above it, hangs on nobody: it moves, or one of the two died. */
  readonly isAttached: boolean;
}

/** Every member once, whatever was reported: a member whose parents go round in a circle counts as not attached. */
export function layOut(places: readonly PlaceView[]): readonly PlacedMember[] {
  const known = new Set(places.map(({ id }) => id));
  const children = Map.groupBy(places.filter(({ parent }) => parent !== undefined && known.has(parent)), ({ parent }) => parent ?? '');
  const placed = new Map<string, PlacedMember>();
  let nextColumn = 0;
  const visit = (place: PlaceView, depth: number, isAttached: boolean, above: ReadonlySet<string>): number => {
    const path = new Set(above).add(place.id);
    const columns = byId(children.get(place.id) ?? []).filter(({ id }) => !path.has(id) && !placed.has(id)).map((child) => visit(child, depth + 1, isAttached && child.isHeld, path));
    const [first, last] = [columns[0], columns.at(-1)];
    const column = first === undefined || last === undefined ? nextColumn++ : (first + last) / 2;
    placed.set(place.id, { place, column, depth, isAttached });
    return column;
  };
  for (const root of byId(places.filter(({ role, isHeld }) => role === 'root' && isHeld))) visit(root, 0, true, new Set());
  for (const orphan of byId(places.filter(({ id, parent }) => !placed.has(id) && (parent === undefined || !known.has(parent))))) visit(orphan, 1, false, new Set());
  for (const rest of byId(places)) if (!placed.has(rest.id)) visit(rest, 1, false, new Set());
  return [...placed.values()];
}

/** How many messages a child has less than its parent; 0 when it has as many or more. */
export function lagBehind(parent: PlaceView, child: PlaceView): bigint {
  const lag = BigInt(parent.next) - BigInt(child.next);
  return lag > 0n ? lag : 0n;
}

function byId(places: readonly PlaceView[]): readonly PlaceView[] {
  return places.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
