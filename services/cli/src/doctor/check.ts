/** What one check found. */
export interface Finding {
  /** What was looked at. */
  readonly what: string;
  /** `warn`: works now, and will not for long, or not well. */
  readonly verdict: 'ok' | 'warn' | 'fail';
  /** What was seen. */
  readonly detail: string;
  /** What to do about it; only where something is to be done. */
  readonly mend?: string;
}

/** All is well with `what`. */
export function ok(what: string, detail: string): Finding {
  return { what, verdict: 'ok', detail };
}

/** `what` works, but needs a look. */
export function warn(what: string, detail: string, mend: string): Finding {
  return { what, verdict: 'warn', detail, mend };
}

/** `what` is broken. */
export function fail(what: string, detail: string, mend: string): Finding {
  return { what, verdict: 'fail', detail, mend };
}
