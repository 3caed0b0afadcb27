/**
 * A dashboard as text that can be read in a diff: object keys sorted, absent values left out, panels in the order they
 * are drawn, one newline at the end. The same dashboard always gives the same text.
 */
export function normalise(dashboard: unknown): string {
  return `${JSON.stringify(sorted(dashboard), undefined, 2)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
