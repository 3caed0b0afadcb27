import { randomBytes } from 'node:crypto';

const [TRACE_ID_BYTES, SPAN_ID_BYTES] = [16, 8];

/** A trace that begins here, to be kept: W3C Trace Context, version 00. Its second part is the id by which it is found. */
export function newTraceparent(): string {
  return `00-${randomBytes(TRACE_ID_BYTES).toString('hex')}-${randomBytes(SPAN_ID_BYTES).toString('hex')}-01`;
}

/** The id of a trace, 32 hex digits. */
export function traceIdOf(traceparent: string): string {
  return traceparent.split('-')[1] ?? '';
}
