import { durationText } from '../output/quantities.ts';
import { fail, ok, type Finding } from './check.ts';

/** The token at hand has not expired. Whether it is accepted the services say. */
export function checkToken(token: string | undefined): Finding {
  const what = 'token';
  if (token === undefined) return fail(what, 'there is none', 'set BANYAN_TOKEN, or ask auth for one');
  const expiresAtMs = expiryOf(token);
  if (expiresAtMs === undefined) return fail(what, 'is no JWT', 'set BANYAN_TOKEN to a token of this overlay');
  const leftMs = expiresAtMs - Date.now();
  if (leftMs <= 0) return fail(what, `expired at ${new Date(expiresAtMs).toISOString()}`, 'start the overlay again, or ask auth for a new one');
  return ok(what, `good for ${durationText(leftMs)}`);
}

function expiryOf(token: string): number | undefined {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { readonly exp?: unknown };
    return typeof exp === 'number' ? exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
