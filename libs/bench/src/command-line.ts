import { closeSync, openSync, writeFileSync } from 'node:fs';
import { describeOptions, parseOptions, UsageFault } from './options.ts';
import { formatTable } from './report/table.ts';
import type { Suite } from './suite.ts';
import { SUITES } from './suites/index.ts';

/** The form of every result file, of `lab` and `bench` alike. */
export interface ResultFile {
  readonly experiment: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly results: Readonly<Record<string, unknown>>;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the largest process. */
  readonly peakRssBytes: number;
}

/**
 * `SUITE [options]`: runs it, prints its table, writes what was asked for.
 * Gives the exit code: 0 well, 1 something does not hold or cannot be measured, 2 wrong usage.
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    return await runSuite(args);
  } catch (fault) {
    console.error(`bench: ${fault instanceof Error ? fault.message : String(fault)}`);
    if (!(fault instanceof UsageFault)) return 1;
    console.error("Try 'npm run bench -- --help'.");
    return 2;
  }
}

async function runSuite([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === 'help') {
    console.log(overview());
    return name === undefined ? 2 : 0;
  }
  const suite = SUITES.find((candidate) => candidate.name === name);
  if (suite === undefined) throw new UsageFault(`there is no suite '${name}'`);
  const { values, jsonFile, asksHelp } = parseOptions(suite.options, rest);
  if (asksHelp) {
    console.log(help(suite));
    return 0;
  }
  if (jsonFile !== undefined) closeSync(openSync(jsonFile, 'a')); // finds out before the run whether it can be written
  const startedMs = performance.now();
  const outcome = await suite.run(values, (progress) => console.error(`bench: ${progress}`));
  const seconds = (performance.now() - startedMs) / 1_000;
  console.log(formatTable(outcome.columns, outcome.rows));
  for (const remark of outcome.remarks) console.log(remark);
  if (jsonFile !== undefined) {
    const { results, cpuSeconds, peakRssBytes } = outcome;
    const file: ResultFile = { experiment: name, parameters: values, results, seconds, cpuSeconds, peakRssBytes };
    writeFileSync(jsonFile, `${JSON.stringify(file, undefined, 2)}\n`);
  }
  for (const failure of outcome.failures) console.error(`bench: ${failure}`);
  return outcome.failures.length === 0 ? 0 : 1;
}

function overview(): string {
  const width = Math.max(...SUITES.map(({ name }) => name.length)) + 2;
  const lines = SUITES.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`);
  return ['Usage: npm run bench -- SUITE [options]', '', ...lines, '', 'Options of one: npm run bench -- SUITE --help'].join('\n');
}

function help({ name, summary, options }: Suite): string {
  return [`Usage: npm run bench -- ${name} [options]`, '', summary, '', describeOptions(options)].join('\n');
}
