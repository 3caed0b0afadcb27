/** One queue, table or ring of a machine: how much is in it, and how much there may ever be. */
export interface Bound {
  readonly name: string;
  readonly size: number;
  readonly limit: number;
}

/** The first bound that does not hold, as a sentence; undefined: all do. Must hold after every event. */
export function exceeded(bounds: Iterable<Bound>): string | undefined {
  for (const { name, size, limit } of bounds) if (!(size <= limit)) return `${name} holds ${size}, more than ${limit}`;
  return undefined;
}
