// Who is how far from whom, where links emulate a network. No import but ids, so that the lab reads the same files.
import { idToBigInt, parseId, type Id } from '@banyan/ids';

/** A map of sites with the round trips between them, and where each node sits. */
export interface LatencyMap {
  readonly sites: number;
  /** One row after the other, `sites` squared round trips in ms. */
  readonly roundTripMs: Float32Array;
  /** Chance that a control message is lost; on a data link the same chance shows as the delay of a retransmission. */
  readonly lossRate: number;
  /** Nodes whose site is given; every other sits at its id modulo the number of sites. */
  readonly seats: ReadonlyMap<Id, number>;
}

/** Two nodes are never closer than this, one way, ms: also those of one site. */
export const ONE_WAY_MS_MIN = 0.01;

/**
 * Reads a latency map; a sentence about what is wrong when it is none. Two forms:
 * plain text, one row of round trips in ms a line (blanks, commas or semicolons between, lines that begin with # left out);
 * or JSON, `{"roundTripMs": [[0, 12.5], [12.5, 0]], "lossRate": 0.01, "sites": {"ID": 1}}`, of which only the rows are needed.
 */
export function parseLatencyMap(text: string): LatencyMap | { readonly fault: string } {
  if (!text.trimStart().startsWith('{')) return ofRows(rowsOf(text), 0, new Map());
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { fault: `it is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const { roundTripMs, lossRate = 0, sites = {}, ...unknown } = json as Record<string, unknown>;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) return { fault: `'${stranger}' is none of roundTripMs, lossRate and sites` };
  if (!Array.isArray(roundTripMs) || !roundTripMs.every(Array.isArray)) return { fault: 'roundTripMs is no list of rows' };
  if (typeof lossRate !== 'number' || !(lossRate >= 0 && lossRate < 1)) return { fault: 'lossRate is no number from 0 to below 1' };
  const seats = seatsOf(sites, roundTripMs.length);
  return 'fault' in seats ? seats : ofRows(roundTripMs as unknown[][], lossRate, seats);
}

/** The site a node sits at. */
export function siteOf(map: Pick<LatencyMap, 'sites' | 'seats'>, node: Id): number {
  return map.seats.get(node) ?? Number(idToBigInt(node) % BigInt(map.sites));
}

/** One-way delay between two nodes in ms: half the round trip between their sites, measured from the sender's. */
export function oneWayMs(map: LatencyMap, from: Id, to: Id): number {
  return Math.max(ONE_WAY_MS_MIN, (map.roundTripMs[siteOf(map, from) * map.sites + siteOf(map, to)] ?? 0) / 2);
}

function rowsOf(text: string): readonly (readonly unknown[])[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split(/[\s,;]+/).map(Number));
}

function ofRows(rows: readonly (readonly unknown[])[], lossRate: number, seats: ReadonlyMap<Id, number>): LatencyMap | { readonly fault: string } {
  const sites = rows.length;
  if (sites < 2) return { fault: `it has ${sites} rows` };
  const roundTripMs = new Float32Array(sites * sites);
  for (const [from, row] of rows.entries()) {
    if (row.length !== sites) return { fault: `row ${from + 1} has ${row.length} numbers, not ${sites}` };
    for (const [to, value] of row.entries()) {
      if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return { fault: `row ${from + 1}, column ${to + 1} is no delay in ms` };
      roundTripMs[from * sites + to] = value;
    }
  }
  return { sites, roundTripMs, lossRate, seats };
}

function seatsOf(given: unknown, sites: number): Map<Id, number> | { readonly fault: string } {
  if (typeof given !== 'object' || given === null) return { fault: 'sites is no object of ids' };
  const seats = new Map<Id, number>();
  for (const [text, site] of Object.entries(given)) {
    const node = parseId(text);
    if (node === undefined) return { fault: `sites: '${text}' is no id of 32 hex digits` };
    if (!Number.isInteger(site) || (site as number) < 0 || (site as number) >= sites) return { fault: `sites: ${text} sits at none of the sites 0 to ${sites - 1}` };
    seats.set(node, site as number);
  }
  return seats;
}
