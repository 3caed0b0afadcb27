/** The first eight digits of an id: enough to tell nodes apart by eye. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

/** `1.5 MiB`. */
export function bytes(text: string): string {
  let value = Number(text);
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (value < 1_024 || unit === 'GiB') return `${unit === 'B' ? value : value.toFixed(1)} ${unit}`;
    value /= 1_024;
  }
  return '';
}

/** `0.42 ms`, `12 ms`, `3.4 s`, `5 min`, `2 h`. */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return `${(ms / 3_600_000).toFixed(1)} h`;
}

/** A duration that may not have been measured. */
export function measured(ms: number | undefined): string {
  return ms === undefined ? '–' : duration(ms);
}

/** Time of day of a wall time. */
export function clock(atMs: number): string {
  return new Date(atMs).toLocaleTimeString();
}

/** How a hop was chosen, in words. */
export function ruleName(rule: string, row?: number, column?: number): string {
  switch (rule) {
    case 'leafSet':
      return 'leaf set';
    case 'routingTable':
      return `routing table${row === undefined ? '' : ` row ${row}`}${column === undefined ? '' : `, column ${column.toString(16)}`}`;
    case 'rareCase':
      return 'rare case';
    default:
      return rule;
  }
}
