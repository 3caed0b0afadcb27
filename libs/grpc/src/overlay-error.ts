import { reasons, type Reason } from './reasons.ts';

/** More about an error, where there is more. */
export interface OverlayErrorOptions {
  /** What failed below. */
  readonly cause?: unknown;
  /** When waiting helps: after so many milliseconds a new attempt is welcome. */
  readonly retryAfterMs?: number;
}

/**
 * The caller's fault, or a state that the caller should know: thrown at the handler, mapped to a gRPC status or an HTTP
 * status by one filter, parsed back by clients with `parseStatus`.
 */
export class OverlayError extends Error {
  override readonly name = 'OverlayError';
  readonly reason: Reason;
  /** Facts that belong to the reason (`field`, `scope`, `group`, …): text to text, never a secret. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;

  constructor(reason: Reason, message: string, metadata: Readonly<Record<string, string>> = {}, options: OverlayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.metadata = metadata;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** HTTP status of the reason. */
  get httpStatus(): number {
    return reasons[this.reason].http;
  }

  /** One sentence: what to do about it. */
  get mend(): string {
    return reasons[this.reason].mend;
  }
}
