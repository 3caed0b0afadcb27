import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { workspaceRoot } from './workspace-root.ts';

/** What one project's tests came to in one stage. */
export interface SuiteReport {
  readonly stage: string;
  readonly project: string;
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
}

/** The sum of all suites, as the closing line tells it. */
export interface Total {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly text: string;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numFailedTestSuites: number;
  readonly startTime: number;
  readonly testResults: readonly { readonly endTime: number }[];
}

const reportNames: Readonly<Record<string, string>> = { unit: 'vitest.json', simulation: 'vitest-sim.json', e2e: 'vitest-e2e.json', long: 'vitest-long.json' };

/** The reports that the given stages left behind. */
export function collectReports(stages: readonly string[]): SuiteReport[] {
  return stages.flatMap((stage) => {
    const name = reportNames[stage];
    if (name === undefined) return [];
    return globSync(`{libs/*,services/*,grafana}/reports/${name}`, { cwd: workspaceRoot }).sort().map((file) => readReport(stage, file));
  });
}

function readReport(stage: string, file: string): SuiteReport {
  const path = join(workspaceRoot, file);
  const report = JSON.parse(readFileSync(path, 'utf8')) as VitestReport;
  const end = Math.max(report.startTime, ...report.testResults.map((result) => result.endTime));
  // A file that does not even load has no failing test: it counts as one.
  const failed = report.numFailedTests > 0 ? report.numFailedTests : report.numFailedTestSuites;
  return {
    stage,
    project: dirname(dirname(file)),
    file: path,
    passed: report.numPassedTests,
    failed,
    skipped: report.numPendingTests + report.numTodoTests,
    seconds: (end - report.startTime) / 1000,
  };
}

/** A table of suites, the slowest first. */
export function formatSuites(reports: readonly SuiteReport[]): string {
  const rows = [...reports].sort((a, b) => b.seconds - a.seconds).map((report) => [
    `${report.stage} ${report.project}`.padEnd(34),
    `${report.passed}`.padStart(6),
    `${report.failed}`.padStart(6),
    `${report.skipped}`.padStart(7),
    `${report.seconds.toFixed(1)} s`.padStart(9),
  ].join(' '));
  return [['suite'.padEnd(34), 'passed', 'failed', 'skipped', '     time'].join(' '), ...rows, ''].join('\n');
}

/** Adds the suites up; `more` failures had no test of their own. */
export function closingLine(reports: readonly SuiteReport[], more: number): Total {
  const sum = (of: (report: SuiteReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const passed = sum((report) => report.passed);
  const failed = sum((report) => report.failed) + more;
  const skipped = sum((report) => report.skipped);
  return { passed, failed, skipped, text: `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}` };
}

/** The total that a command wrote at its end; undefined when it did not come so far. */
export function readTotal(name: string): Total | undefined {
  const path = join(workspaceRoot, 'reports', `${name}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Total) : undefined;
}
