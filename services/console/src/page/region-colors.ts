const COLORS = 8;

/** Gives every region one of eight colors, in the order in which they are first seen, and the same for as long as the page is open. */
export class RegionColors {
  readonly #seen = new Map<string, number>();

  /** Class of a region's marks. */
  classOf(region: string): string {
    if (region === '') return 'region-none';
    const index = this.#seen.get(region) ?? this.#seen.size;
    this.#seen.set(region, index);
    return `region-${index % COLORS}`;
  }

  /** Regions in the order of their colors. */
  get regions(): readonly string[] {
    return [...this.#seen.keys()];
  }
}
