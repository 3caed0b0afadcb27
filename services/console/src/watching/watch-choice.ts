// Whose leaf sets to watch: in a small ring everybody's; in a large one so many, spread evenly, that every node stands
// in two of them. The others are seen through their neighbors.
import type { RingMap } from './ring-map.ts';

/** Up to here everybody is watched. */
export const ALL_WATCHED_MAX = 48;
/** Streams to nodes at once, at most. */
export const WATCHED_MAX = 160;
/** Streams begun at one look. */
const BEGUN_AT_ONCE = 8;
const HOLDERS_WANTED = 2;

/** The nodes to begin to watch now, at most eight. */
export function toWatchNext(map: RingMap, watched: ReadonlySet<string>): readonly string[] {
  const reachable = map.nodes.filter(({ id, api }) => api !== undefined && !watched.has(id)).map(({ id }) => id).sort();
  const wanted = map.size <= ALL_WATCHED_MAX ? reachable : reachable.filter((id) => map.holders(id) < HOLDERS_WANTED);
  const count = Math.min(BEGUN_AT_ONCE, WATCHED_MAX - watched.size, wanted.length);
  // Spread over the ring: neighbors of one another would tell the same.
  return Array.from({ length: Math.max(0, count) }, (_, turn) => wanted[Math.floor((turn * wanted.length) / count)] ?? '').filter((id) => id !== '');
}
