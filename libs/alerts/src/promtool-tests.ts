import { stringify } from 'yaml';
import type { Alert, Trial } from './alert.ts';
import { annotationsOf } from './rules.ts';

/** Between two values of a trial's series where it says nothing else, s. */
const STEP_S = 15;

/** The steps of some trials: promtool has one for all tests of a file. */
export function stepsOf(alerts: readonly Alert[]): readonly number[] {
  return [...new Set(alerts.map(stepOf))].sort((a, b) => a - b);
}

/** A course on which each alert fires, and one on which it is silent, as `promtool test rules` reads them; those with this step. */
export function promtoolTests(alerts: readonly Alert[], { rulesFile, stepS }: { readonly rulesFile: string; readonly stepS: number }): string {
  const tests = alerts.filter((alert) => stepOf(alert) === stepS).flatMap((alert) => [
    testOf(`${alert.name} fires`, alert, alert.fires, [{ exp_labels: { severity: alert.severity, ...alert.fires.labels }, exp_annotations: filled(alert) }]),
    testOf(`${alert.name} is silent`, alert, alert.silent, []),
  ]);
  return stringify({ rule_files: [rulesFile], evaluation_interval: `${stepS}s`, tests }, { lineWidth: 0 });
}

function testOf(name: string, alert: Alert, { series, afterS }: Trial, expected: readonly unknown[]): unknown {
  return {
    name,
    interval: `${stepOf(alert)}s`,
    input_series: Object.entries(series).map(([line, values]) => ({ series: line, values })),
    alert_rule_test: [{ eval_time: `${afterS}s`, alertname: alert.name, exp_alerts: expected }],
  };
}

function stepOf({ fires }: Alert): number {
  return fires.stepS ?? STEP_S;
}

/** The annotations as Prometheus fills them in for the labels of the trial. */
function filled(alert: Alert): Readonly<Record<string, string>> {
  const labels: Readonly<Record<string, string>> = alert.fires.labels;
  const fill = (text: string): string => text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_template, label: string) => labels[label] ?? '');
  return Object.fromEntries(Object.entries(annotationsOf(alert)).map(([name, text]) => [name, fill(text)]));
}
