import type { Experiment, Outcome } from '../experiment.ts';
import { EXPERIMENTS } from '../experiments/index.ts';
import { startMeter } from '../report/meter.ts';
import { renderSvg } from '../report/plot.ts';
import { terminalProgress } from '../report/progress.ts';
import { claimFile, writeText, type ResultFile } from '../report/result-file.ts';
import { formatTable } from '../report/table.ts';
import { rounded } from '../statistics.ts';
import { LabFault } from './fault.ts';
import { describeOptions, parseOptions, type Options } from './options.ts';

const SHARED = {
  json: { kind: 'file', describe: 'write parameters, results and cost here' },
  plot: { kind: 'file', describe: 'draw the figures here, as SVG' },
  help: { kind: 'switch', describe: 'show this' },
} as const satisfies Options;

/**
 * `EXPERIMENT [options]`: runs it, prints its tables, writes what was asked for.
 * Returns the exit code: 0 well, 1 something does not hold or cannot be read or written, 2 wrong usage.
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    return await runExperiment(args);
  } catch (fault) {
    if (!(fault instanceof LabFault)) throw fault;
    console.error(`lab: ${fault.message}`);
    if (fault.exitCode === 2) console.error("Try 'npm run lab -- --help'.");
    return fault.exitCode;
  }
}

async function runExperiment([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === 'help') {
    console.log(overview());
    return name === undefined ? 2 : 0;
  }
  const experiment = EXPERIMENTS.find((candidate) => candidate.name === name);
  if (experiment === undefined) throw new LabFault(`there is no experiment '${name}'`, { usage: true });
  const { values, positionals } = parseOptions({ ...experiment.options, ...SHARED }, rest);
  if (values.help) {
    console.log(help(experiment));
    return 0;
  }
  requireOperands(experiment, positionals);
  if (values.json !== undefined) claimFile(values.json);
  if (values.plot !== undefined) claimFile(values.plot);

  const progress = terminalProgress();
  const stopMeter = startMeter();
  const outcome = await experiment.run(values, positionals, progress);
  progress.end();
  const cost = stopMeter();

  for (const table of outcome.tables) console.log(`${formatTable(table)}\n`);
  for (const remark of outcome.remarks) console.log(remark);
  console.log(`${rounded(cost.seconds, 1)} s, ${rounded(cost.cpuSeconds, 1)} s of CPU, ${Math.round(cost.peakRssBytes / 2 ** 20)} MiB at most`);
  const file: ResultFile = {
    experiment: name,
    parameters: outcome.parameters,
    results: outcome.results,
    seconds: rounded(cost.seconds, 3),
    cpuSeconds: rounded(cost.cpuSeconds, 3),
    peakRssBytes: cost.peakRssBytes,
  };
  if (values.json !== undefined) writeText(values.json, `${JSON.stringify(file, undefined, 2)}\n`);
  if (values.plot !== undefined) draw(name, values.plot, outcome);
  for (const failure of outcome.failures) console.error(`lab: ${failure}`);
  return outcome.failures.length === 0 ? 0 : 1;
}

function draw(name: string, path: string, { plot }: Outcome): void {
  if (plot === undefined) console.log(`${name} draws nothing: ${path} stays empty.`);
  else writeText(path, renderSvg(plot));
}

function requireOperands(experiment: Experiment, given: readonly string[]): void {
  if (given.length < experiment.operands.length) {
    throw new LabFault(`${experiment.name}: ${experiment.operands.slice(given.length).join(' and ')} missing`, { usage: true });
  }
  if (given.length > experiment.operands.length) {
    throw new LabFault(`${experiment.name}: '${given[experiment.operands.length]}' is one word too many`, { usage: true });
  }
}

function overview(): string {
  const width = Math.max(...EXPERIMENTS.map(({ name }) => name.length)) + 2;
  const lines = EXPERIMENTS.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`);
  return ['Usage: npm run lab -- EXPERIMENT [options]', '', ...lines, '', 'Options of one: npm run lab -- EXPERIMENT --help'].join('\n');
}

function help({ name, operands, summary, options }: Experiment): string {
  return [`Usage: npm run lab -- ${[name, ...operands].join(' ')} [options]`, '', summary, '', describeOptions({ ...options, ...SHARED })].join('\n');
}
