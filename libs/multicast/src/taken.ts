import type { Sequence } from './epoch.ts';
import type { Group, Subscription } from './group.ts';

/** Frames given to one reader that are counted apart; more count with the last of them. */
export const GIVEN_MAX = 1_024;

/** A reader was given a frame; what he takes is told in bytes. */
export function noteGiven(reader: Subscription, { from, to, bytes }: { readonly from: Sequence; readonly to: Sequence; readonly bytes: number }): void {
  reader.taken ??= from;
  const last = reader.given.at(-1);
  if (last !== undefined && reader.given.length >= GIVEN_MAX) Object.assign(last, { to, bytes: last.bytes + bytes });
  else reader.given.push({ to, bytes });
}

/** A reader took so many bytes of what he was given. */
export function noteTaken(reader: Subscription, bytes: number): void {
  let left = bytes;
  while (left > 0) {
    const first = reader.given[0];
    if (first === undefined) return;
    const part = Math.min(left, first.bytes);
    first.bytes -= part;
    left -= part;
    if (first.bytes > 0) return;
    reader.given.shift();
    reader.taken = first.to;
  }
}

/** Everything below was taken by the reader, or is none of his. */
export function takenBy(group: Group, { position, given, taken }: Subscription): Sequence {
  if (position === undefined) return group.deliverable;
  return given.length === 0 ? position : (taken ?? 0);
}
