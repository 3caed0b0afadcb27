/** JSON of any result: whole numbers beyond 2^53 as text, bytes as base64, fractions to thousandths (a microsecond, for times). */
export function json(value: unknown, indent?: number): string {
  return JSON.stringify(value, replace, indent);
}

function replace(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
  if (typeof value === 'number') return Math.round(value * 1_000) / 1_000;
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
