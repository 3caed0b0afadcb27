import { readFile } from 'node:fs/promises';
import { z } from 'zod';

/** Where a node stands, by its operator's labels. */
export interface Standing {
  readonly region: string;
  readonly zone: string;
}

const price = z.number().nonnegative();

/**
 * What it costs to send a gigabyte from one place to another, in any currency, and how many milliseconds of delay one unit of it is
 * worth. `between` names pairs of regions, either way round.
 */
export const linkPricesSchema = z.strictObject({
  sameZone: price.default(0),
  sameRegion: price.default(0),
  elsewhere: price.default(0),
  between: z.array(z.strictObject({ regions: z.tuple([z.string(), z.string()]), price })).max(10_000).default([]),
  msPerUnit: price.default(0),
});

/** The table as it is read from its file. */
export type LinkPriceTable = z.infer<typeof linkPricesSchema>;

/** Prices of links, in milliseconds of delay that they weigh as much as. */
export class LinkPrices {
  readonly #table: LinkPriceTable;
  readonly #between = new Map<string, number>();

  constructor(table: LinkPriceTable = linkPricesSchema.parse({})) {
    this.#table = table;
    for (const { regions: [from, to], price: unit } of table.between) {
      this.#between.set(pairOf(from, to), unit);
      this.#between.set(pairOf(to, from), unit);
    }
  }

  /** What a link between these two weighs, ms. */
  weightMs(from: Standing, to: Standing): number {
    return this.#unit(from, to) * this.#table.msPerUnit;
  }

  #unit(from: Standing, to: Standing): number {
    if (from.region !== to.region) return this.#between.get(pairOf(from.region, to.region)) ?? this.#table.elsewhere;
    return from.zone === to.zone ? this.#table.sameZone : this.#table.sameRegion;
  }
}

/** The table in a file; throws with one sentence that says what is wrong in it. */
export async function readLinkPrices(path: string): Promise<LinkPrices> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Error(`link prices: ${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const table = linkPricesSchema.safeParse(json);
  if (!table.success) throw new Error(`link prices: ${path}: ${table.error.issues.map(({ path: at, message }) => `${at.join('.') || 'the table'}: ${message}`).join('; ')}`);
  return new LinkPrices(table.data);
}

function pairOf(from: string, to: string): string {
  return JSON.stringify([from, to]);
}
