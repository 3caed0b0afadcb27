/** A payload with its length; opaque but for its bytes, if it is bytes. */
export interface Sized {
  readonly payload: unknown;
  readonly bytes: number;
}

/** What stands for the bytes where there are none: simulations carry names of payloads. */
interface Names {
  readonly of: readonly unknown[];
}

/**
 * The exclusive or of payloads, the shorter ones as if they ended in zeros: with all of them but one it gives that one again.
 * The one place where a machine looks into payloads, since it makes one.
 */
export function parityOf(row: readonly Sized[]): Sized {
  const bytes = Math.max(0, ...row.map((member) => member.bytes));
  const payloads = row.map(({ payload }) => payload);
  if (!payloads.every((payload) => payload instanceof Uint8Array)) return { payload: { of: payloads } satisfies Names, bytes };
  return { payload: xor(payloads, bytes), bytes };
}

/** The payload of `bytes` bytes that is missing at `index` of a row, from the row's parity and all other payloads. */
export function rebuilt(parity: unknown, others: readonly unknown[], { index, bytes }: { readonly index: number; readonly bytes: number }): unknown {
  if (!(parity instanceof Uint8Array)) return (parity as Names).of[index];
  return xor([parity, ...others.filter((other) => other instanceof Uint8Array)], bytes);
}

function xor(payloads: readonly Uint8Array[], bytes: number): Uint8Array {
  const sum = new Uint8Array(bytes);
  for (const payload of payloads) {
    const end = Math.min(bytes, payload.length);
    for (let at = 0; at < end; at++) sum[at] = (sum[at] ?? 0) ^ (payload[at] ?? 0);
  }
  return sum;
}
