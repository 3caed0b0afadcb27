import { MULTICAST_METRICS, OVERLAY_METRICS, SERVICE_METRICS } from '@banyan/telemetry';
import type { Alert, Span } from './alert.ts';
import { countedByYoung, JOINS_FAILED, observations, ofYoung, rate, within } from './promql.ts';

/** What users may expect, as a share that must not fail; and what fails of how much, in a window of so many seconds. */
export interface Objective {
  readonly name: string;
  /** One sentence for users. */
  readonly promise: string;
  /** The share that may fail. */
  readonly budget: number;
  readonly bad: (span: Span, s: number) => string;
  readonly all: (span: Span, s: number) => string;
}

const LOOKUPS = 'method=~".*/(Lookup|Route)"';
const FAILED = 'code!="OK"';
const LAG_S = 1;
const JOIN_S = 10;

/** The objectives. What a best-effort group drops is as promised, and so are refusals of callers without the scope. */
export const objectives: readonly Objective[] = [
  {
    name: 'delivery',
    promise: 'Of 1,000 messages to subscribers of reliable and ordered groups 999 come; the others are told as a gap.',
    budget: 0.001,
    bad: (span, s) => rate(span, MULTICAST_METRICS.gaps, { s, where: 'reason!="dropped"' }),
    all: (span, s) => `(${rate(span, MULTICAST_METRICS.delivered, { s })} + ${rate(span, MULTICAST_METRICS.gaps, { s, where: 'reason!="dropped"' })})`,
  },
  {
    name: 'delivery-lag',
    promise: `Of 100 messages 99 are with their subscriber within ${LAG_S} s of the stamp of the root.`,
    budget: 0.01,
    bad: (span, s) => `(${observations(span, MULTICAST_METRICS.deliveryLag, { s })} - ${within(span, MULTICAST_METRICS.deliveryLag, LAG_S, { s })})`,
    all: (span, s) => observations(span, MULTICAST_METRICS.deliveryLag, { s }),
  },
  {
    name: 'lookup',
    promise: 'Of 1,000 lookups and routed messages 999 are answered.',
    budget: 0.001,
    bad: (span, s) => `(${observations(span, SERVICE_METRICS.rpcServerDuration, { s, where: `${LOOKUPS}, ${FAILED}, code!="PERMISSION_DENIED", code!="UNAUTHENTICATED", code!="INVALID_ARGUMENT", code!="CANCELLED"` })} or vector(0))`,
    all: (span, s) => observations(span, SERVICE_METRICS.rpcServerDuration, { s, where: LOOKUPS }),
  },
  {
    name: 'join',
    promise: 'Of 100 joins 99 end in the ring.',
    budget: 0.01,
    bad: (span, s) => countedByYoung(span, OVERLAY_METRICS.joins, { s, where: JOINS_FAILED }),
    all: (span, s) => countedByYoung(span, OVERLAY_METRICS.joins, { s, where: 'outcome!="started"' }),
  },
  {
    name: 'join-time',
    promise: `Of 100 nodes that join 95 are in the ring within ${JOIN_S} s of their first attempt.`,
    budget: 0.05,
    bad: (span, s) => `sum(${ofYoung(span, OVERLAY_METRICS.joinDuration, 'count', s)} - ignoring (le) ${ofYoung(span, OVERLAY_METRICS.joinDuration, JOIN_S, s)})`,
    all: (span, s) => `sum(${ofYoung(span, OVERLAY_METRICS.joinDuration, 'count', s)})`,
  },
];

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How fast the budget of 30 days is spent, over a long window and a short one that ends the alert soon after the cause is gone. */
interface Burn {
  readonly factor: number;
  readonly longS: number;
  readonly shortS: number;
  readonly forS: number;
  readonly severity: Alert['severity'];
}

/** Source: Beyer et al., The Site Reliability Workbook (2018), chapter 5, table 5-8. */
const BURNS: readonly Burn[] = [
  { factor: 14.4, longS: HOUR, shortS: 5 * MINUTE, forS: 2 * MINUTE, severity: 'critical' },
  { factor: 6, longS: 6 * HOUR, shortS: 30 * MINUTE, forS: 15 * MINUTE, severity: 'critical' },
  { factor: 3, longS: DAY, shortS: 2 * HOUR, forS: HOUR, severity: 'warning' },
  { factor: 1, longS: 3 * DAY, shortS: 6 * HOUR, forS: 3 * HOUR, severity: 'warning' },
];

/** When the whole budget is gone at that pace, by the long window. */
const NAMES: Readonly<Record<string, string>> = { '1h': 'InHours', '6h': 'InADay', '1d': 'InDays', '3d': 'InAMonth' };

/** Every window that some rule looks at, s. */
export const burnWindowsS: readonly number[] = [...new Set(BURNS.flatMap(({ longS, shortS }) => [shortS, longS]))].sort((a, b) => a - b);

/** The share that failed in a window, as it is recorded: named by the window of production, whatever the factor. */
export function recordedRatio(windowS: number): string {
  return `banyan:objective_errors:ratio_${nameOf(windowS)}`;
}

/** The burn alerts: one for each pace, the objective is a label. */
export const burnAlerts: readonly Alert[] = BURNS.map(({ factor, longS, shortS, forS, severity }) => ({
  name: `BanyanBudgetBurns${NAMES[nameOf(longS)] ?? ''}` as const,
  severity,
  expr: () =>
    objectives
      .map(({ name, budget }) => `(${recordedRatio(longS)}{objective="${name}"} > ${round(factor * budget)} and ${recordedRatio(shortS)}{objective="${name}"} > ${round(factor * budget)})`)
      .join(' or '),
  forS,
  summary: `The error budget of '{{ $labels.objective }}' is spent ${factor === 1 ? 'as fast as it comes' : `${factor} times too fast`}.`,
  description: `Seen over ${nameOf(longS)} and ${nameOf(shortS)}. ${severity === 'critical' ? 'Users notice now' : 'Nothing is urgent, but it will not last the month'}; the objectives are in libs/alerts/README.md.`,
  fires: {
    series: { 'banyan_multicast_gaps_total{node="node-1", reason="expired"}': `0+3x${stepsIn(longS + forS, trialStepS(shortS))}`, 'banyan_multicast_messages_delivered_total{node="node-1"}': `0+97x${stepsIn(longS + forS, trialStepS(shortS))}` },
    afterS: Math.floor(1.05 * (longS / 4 + forS)),
    stepS: trialStepS(shortS),
    labels: { objective: 'delivery' },
  },
  silent: {
    series: { 'banyan_multicast_gaps_total{node="node-1", reason="dropped"}': `0+3x${stepsIn(longS + forS, trialStepS(shortS))}`, 'banyan_multicast_messages_delivered_total{node="node-1"}': `0+97x${stepsIn(longS + forS, trialStepS(shortS))}` },
    afterS: Math.floor(1.05 * (longS / 4 + forS)),
    stepS: trialStepS(shortS),
  },
}));

function nameOf(s: number): string {
  if (s % DAY === 0) return `${s / DAY}d`;
  return s % HOUR === 0 ? `${s / HOUR}h` : `${s / MINUTE}m`;
}

function round(share: number): number {
  return Number(share.toPrecision(6));
}

/** Days in steps of 15 s would take promtool minutes. A rate needs a few values in its window, and a recorded value is seen for 5 minutes. */
function trialStepS(shortS: number): number {
  if (shortS < HOUR / 2) return 15;
  return shortS < HOUR ? MINUTE : 4 * MINUTE;
}

function stepsIn(s: number, stepS: number): number {
  return Math.ceil(s / stepS);
}
