import { durationText } from '../output/quantities.ts';
import { fail, ok, type Finding } from './check.ts';

/** The token at hand has not expired. Whether it is accepted the services say. */
export function checkToken(token: string | undefined): Finding {
  const what = 'token';
  if (token === undefined) return fail(what, 'there is none', 'set BANYAN_TOKEN, or ask auth for one');
  const leftMs = tokenLeftMs(token);
  if (leftMs === undefined) return fail(what, 'is no JWT', 'set BANYAN_TOKEN to a token of this overlay');
  if (leftMs <= 0) return fail(what, `expired at ${new Date(Date.now() + leftMs).toISOString()}`, 'start the overlay again, or ask auth for a new one');
  return ok(what, `good for ${durationText(leftMs)}`);
}

/** How long a token is still good for, ms; negative when it has expired, undefined when it is none. */
export function tokenLeftMs(token: string): number | undefined {
  const expiresAtMs = expiryOf(token);
  return expiresAtMs === undefined ? undefined : expiresAtMs - Date.now();
}

function expiryOf(token: string): number | undefined {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { readonly exp?: unknown };
    return typeof exp === 'number' ? exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}
