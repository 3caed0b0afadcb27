// `npm test`, `npm run test:long`, `npm run check`, `npm run lint`: runs the Nx targets of each in order, prints the time
// and the tests of every suite, and ends with the plain line `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectReports, closingLine, formatSuites, type SuiteReport } from './test-reports.ts';
import { workspaceRoot } from './workspace-root.ts';

interface Stage {
  readonly name: string;
  readonly targets: readonly string[];
  /** Tests that start processes run one project after another, each alone on the machine. */
  readonly parallel: number;
}

const build: Stage = { name: 'build', targets: ['buf-lint', 'drift', 'build', 'typecheck'], parallel: 2 };
const lint: Stage = { name: 'lint', targets: ['lint'], parallel: 1 };
const unit: Stage = { name: 'unit', targets: ['test'], parallel: 2 };
const simulation: Stage = { name: 'simulation', targets: ['simulate'], parallel: 2 };
const e2e: Stage = { name: 'e2e', targets: ['e2e'], parallel: 1 };
const long: Stage = { name: 'long', targets: ['test-long'], parallel: 1 };

const commands: Readonly<Record<string, readonly Stage[]>> = {
  test: [build, lint, unit, simulation, e2e],
  'test:long': [build, long],
  check: [build, lint, unit, simulation],
  lint: [lint],
};

process.exitCode = main(process.argv[2] ?? 'test');

function main(name: string): number {
  const stages = commands[name];
  if (stages === undefined) {
    console.error(`usage: test-command.ts ${Object.keys(commands).join('|')}`);
    return 2;
  }
  const failedStages: string[] = [];
  for (const stage of stages) {
    const since = Date.now();
    clearReports(stage);
    const passed = runStage(stage);
    console.log(`\n== ${stage.name}: ${passed ? 'passed' : 'FAILED'} in ${((Date.now() - since) / 1000).toFixed(0)} s\n`);
    if (passed) continue;
    failedStages.push(stage.name);
    if (stage === build) break;
  }
  return conclude(name, stages, failedStages);
}

function runStage(stage: Stage): boolean {
  const nx = join(workspaceRoot, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
  const words = ['run-many', '--outputStyle=static', `--parallel=${stage.parallel}`, ...stage.targets.flatMap((target) => ['-t', target])];
  return spawnSync(process.execPath, [nx, ...words], { cwd: workspaceRoot, env: stageEnvironment(), stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

/** Nx forces colors on whatever it runs; beside NO_COLOR that is a contradiction of which every Node would warn. */
function stageEnvironment(): NodeJS.ProcessEnv {
  return process.env['NO_COLOR'] === undefined ? process.env : { ...process.env, FORCE_COLOR: '0' };
}

/** A report of an earlier run must not be counted as one of this. */
function clearReports(stage: Stage): void {
  for (const report of collectReports([stage.name])) rmSync(report.file, { force: true });
}

function conclude(name: string, stages: readonly Stage[], failedStages: readonly string[]): number {
  const reports: readonly SuiteReport[] = collectReports(stages.map((stage) => stage.name));
  console.log(formatSuites(reports));
  // A stage that failed without a failing test (a type error, a lint error) counts as one failure.
  const silent = failedStages.filter((stage) => !reports.some((report) => report.stage === stage && report.failed > 0)).length;
  const total = closingLine(reports, silent);
  if (failedStages.length > 0) console.log(`failed: ${failedStages.join(', ')}`);
  console.log(total.text);
  mkdirSync(join(workspaceRoot, 'reports'), { recursive: true });
  writeFileSync(join(workspaceRoot, 'reports', `${name.replace(':', '-')}.json`), `${JSON.stringify(total)}\n`);
  return total.failed > 0 || failedStages.length > 0 ? 1 : 0;
}
