/** How a thing is, as monitoring plugins say it; the exit code of `banyan check` is the worst one's place in this list. */
export const STATUSES = ['ok', 'warning', 'critical', 'unknown'] as const;
export type Status = (typeof STATUSES)[number];

/** A number that was looked at. */
export interface Measured {
  /** Snake case, in base units: `missing`, `days_left`. */
  readonly name: string;
  readonly value: number;
  readonly warning?: number;
  readonly critical?: number;
}

/** What one check came to. */
export interface CheckResult {
  readonly check: string;
  readonly status: Status;
  readonly detail: string;
  readonly measured: readonly Measured[];
}

/** From which numbers on a thing is bad. */
export interface Limits {
  readonly warning: number;
  readonly critical: number;
}

/** Judges what should be small. */
export function atMost(value: number, { warning, critical }: Limits): Status {
  if (value >= critical) return 'critical';
  return value >= warning ? 'warning' : 'ok';
}

/** Judges what should be large: days that are left. */
export function atLeast(value: number, { warning, critical }: Limits): Status {
  if (value <= critical) return 'critical';
  return value <= warning ? 'warning' : 'ok';
}

// Unknown is worse than a warning, but what is known to be critical is not hidden by it.
const WORST_FIRST: readonly Status[] = ['critical', 'unknown', 'warning', 'ok'];

/** The worst of some results; nothing looked at is unknown. */
export function worstOf(results: readonly CheckResult[]): Status {
  return WORST_FIRST.find((status) => results.some((result) => result.status === status)) ?? 'unknown';
}

/** 0 ok, 1 warning, 2 critical, 3 unknown. */
export function exitCodeOf(status: Status): number {
  return STATUSES.indexOf(status);
}
