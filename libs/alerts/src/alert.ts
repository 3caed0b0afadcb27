/** Seconds as Prometheus writes a duration, shortened by the factor that rules are made with: see `scaled`. */
export type Span = (seconds: number) => string;

/** A course of series as promtool has it, one value every `stepS` (15 s), and what is to be seen of it after `afterS`. */
export interface Trial {
  readonly series: Readonly<Record<string, string>>;
  readonly afterS: number;
  readonly stepS?: number;
}

/** What wakes a person, or waits for one. */
export interface Alert {
  readonly name: `Banyan${string}`;
  /** `critical`: users notice, or will within minutes. `warning`: somebody looks at it in the next working hours. */
  readonly severity: 'warning' | 'critical';
  readonly expr: (span: Span) => string;
  /** How long it must hold. */
  readonly forS: number;
  /** One sentence; `{{ $labels.NAME }}` is the value of a label. */
  readonly summary: string;
  /** What it means, and what will happen if nobody acts. */
  readonly description: string;
  /** A course that it fires on, with the labels it then has, and a like one that it is silent on. */
  readonly fires: Trial & { readonly labels: Readonly<Record<string, string>> };
  readonly silent: Trial;
}

/** Durations for rules whose windows are `factor` times shorter than in production: for a run that cannot wait for days. */
export function scaled(factor: number): Span {
  return (seconds) => {
    const ms = Math.round((seconds * 1_000) / factor);
    return ms % 1_000 === 0 ? whole(ms / 1_000) : `${ms}ms`;
  };
}

function whole(seconds: number): string {
  for (const [unit, length] of UNITS) if (seconds >= length && seconds % length === 0) return `${seconds / length}${unit}`;
  return `${seconds}s`;
}

const UNITS = [['d', 86_400], ['h', 3_600], ['m', 60]] as const;
