import { json } from '../output/json.ts';
import { printable } from '../output/table.ts';
import { exitCodeOf, worstOf, type CheckResult, type Measured } from './check-result.ts';

export const FORMATS = ['text', 'json', 'prometheus'] as const;
export type Format = (typeof FORMATS)[number];

/** Results as a monitoring system reads them. */
export function formatted(results: readonly CheckResult[], format: Format): string {
  if (format === 'json') return json({ status: worstOf(results), exitCode: exitCodeOf(worstOf(results)), checks: results }, 2);
  return format === 'text' ? pluginText(results) : exposition(results);
}

/**
 * One line that says it all, its numbers after a bar, then a line for each check.
 * Source: Monitoring Plugins Development Guidelines, "Plugin Output" and "Performance data" ('label'=value;warn;crit).
 */
function pluginText(results: readonly CheckResult[]): string {
  const bad = results.filter(({ status }) => status !== 'ok');
  const summary = bad.length === 0 ? results.map(({ detail }) => detail).join('; ') : bad.map(({ check, detail }) => `${check}: ${detail}`).join('; ');
  const numbers = results.flatMap(({ check, measured }) => measured.map((one) => performance(check, one)));
  const first = `BANYAN ${worstOf(results).toUpperCase()} - ${summary.replaceAll('|', '/')}${numbers.length === 0 ? '' : ` | ${numbers.join(' ')}`}`;
  const lines = results.length === 1 ? [] : results.map(({ check, status, detail }) => `${status.toUpperCase().padEnd(8)} ${check}: ${detail.replaceAll('|', '/')}`);
  return [first, ...lines].map(printable).join('\n');
}

function performance(check: string, { name, value, warning, critical }: Measured): string {
  return `'${check.replaceAll("'", '')}_${name}'=${value};${warning ?? ''};${critical ?? ''}`;
}

/** For the text file collector of a node exporter, or a push gateway. Source: Prometheus text format 0.0.4. */
function exposition(results: readonly CheckResult[]): string {
  const status = results.map((result) => `banyan_check_status{check="${label(result.check)}"} ${exitCodeOf(result.status)}`);
  const values = results.flatMap(({ check, measured }) => measured.map(({ name, value }) => `banyan_check_value{check="${label(check)}",what="${name}"} ${value}`));
  return [
    '# HELP banyan_check_status 0 ok, 1 warning, 2 critical, 3 unknown.',
    '# TYPE banyan_check_status gauge',
    ...status,
    '# HELP banyan_check_value What a check measured.',
    '# TYPE banyan_check_value gauge',
    ...values,
  ].join('\n');
}

function label(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
