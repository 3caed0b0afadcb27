import { stringify } from 'yaml';
import { scaled, type Alert, type Span } from './alert.ts';
import { certificateAlerts } from './certificate-alerts.ts';
import { burnAlerts, burnWindowsS, objectives, recordedRatio } from './objectives.ts';
import { multicastAlerts } from './multicast-alerts.ts';
import { overlayAlerts } from './overlay-alerts.ts';
import { serviceAlerts } from './service-alerts.ts';

/** Where runbooks stand, below the project's root; on a site of your own set another with `--runbooks`. */
export const RUNBOOKS = 'deploy/runbooks';

/** Alerts about one thing: one file of rules. */
export interface AlertGroup {
  readonly name: string;
  readonly alerts: readonly Alert[];
  /** What its alerts look at is recorded first. */
  readonly recorded: (span: Span) => readonly unknown[];
  /** Evaluated so often, s; left out: as often as everything. */
  readonly everyS?: number;
}

// Windows of days over many series cost too much to be looked at as often as nodes are, and nothing hangs on seconds.
const OBJECTIVES_EVERY_S = 30;

/** Every alert, by what it is about. */
export const alertGroups: readonly AlertGroup[] = [
  { name: 'overlay', alerts: overlayAlerts, recorded: () => [] },
  { name: 'multicast', alerts: multicastAlerts, recorded: () => [] },
  { name: 'services', alerts: [...serviceAlerts, ...certificateAlerts], recorded: () => [] },
  { name: 'objectives', alerts: burnAlerts, recorded: recordedRatios, everyS: OBJECTIVES_EVERY_S },
];

/** Every alert. */
export const allAlerts: readonly Alert[] = alertGroups.flatMap(({ alerts }) => alerts);

export interface RuleOptions {
  /** All windows and waits are so many times shorter. */
  readonly factor?: number;
  /** What runbook addresses begin with. */
  readonly runbooks?: string;
}

/** The rules of some groups, as Prometheus reads them. */
export function prometheusRules(groups: readonly AlertGroup[], { factor = 1, runbooks = RUNBOOKS }: RuleOptions = {}): string {
  const span = scaled(factor);
  const written = groups.map(({ name, alerts, recorded, everyS }) => ({
    name: `banyan-${name}`,
    ...(everyS === undefined ? {} : { interval: span(everyS) }),
    rules: [...recorded(span), ...alerts.map((alert) => ({
      alert: alert.name,
      expr: alert.expr(span),
      for: span(alert.forS),
      labels: { severity: alert.severity },
      annotations: annotationsOf(alert, runbooks),
    }))],
  }));
  return stringify({ groups: written }, { lineWidth: 0 });
}

function recordedRatios(span: Span): readonly unknown[] {
  return burnWindowsS.flatMap((s) =>
    objectives.map(({ name, bad, all }) => ({ record: recordedRatio(s), labels: { objective: name }, expr: `${bad(span, s)} / (${all(span, s)} > 0)` })));
}

/** What an alert says, with templates for labels. */
export function annotationsOf({ name, summary, description }: Alert, runbooks = RUNBOOKS): { readonly summary: string; readonly description: string; readonly runbook_url: string } {
  return { summary, description, runbook_url: `${runbooks}/${name}.md` };
}
