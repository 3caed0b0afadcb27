// W3C Trace Context, level 1: the one line that joins spans of several processes into a trace.
/** A `traceparent` taken apart. */
export interface Traceparent {
  /** 32 hex digits, not all zero. */
  readonly traceId: string;
  /** 16 hex digits, not all zero. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** The parts of a `traceparent` header, undefined when it is none: a peer's nonsense starts a new trace, no fault. */
export function parseTraceparent(text: string | undefined): Traceparent | undefined {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/.exec(text ?? '');
  const [, version, traceId, spanId, flags] = match ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  // The recommendation, section 3.2: version ff is invalid, and version 00 has nothing after the flags.
  if (version === 'ff' || (version === '00' && text?.length !== 55)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The header of version 00. */
export function formatTraceparent(parent: Traceparent): string {
  return `00-${parent.traceId}-${parent.spanId}-${parent.isSampled ? '01' : '00'}`;
}

/** Whether a trace is kept, by its flag alone: cheap enough for every frame. False for what is no traceparent. */
export function isSampled(text: string | undefined): boolean {
  return text !== undefined && text.length >= 55 && (Number.parseInt(text.slice(53, 55), 16) & 1) === 1;
}
