import { availableParallelism } from 'node:os';
import type { Json } from '@banyan/sansio';
import { LabFault } from '../cli/fault.ts';
import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import type { Progress } from '../report/progress.ts';
import type { Table } from '../report/table.ts';
import { describeFaultMix, FAULT_KINDS } from '../simulation/fault-mix.ts';
import type { SwarmReport, SwarmSetup } from '../simulation/swarm-run.ts';
import { runSwarms } from '../simulation/swarm-workers.ts';
import { isWorkload, WORKLOADS } from '../simulation/workload.ts';
import { rounded } from '../statistics.ts';

const WORKLOAD_PLACEHOLDER = Object.keys(WORKLOADS).join('|');

const OPTIONS = {
  seeds: { kind: 'whole', min: 1, max: 100_000, default: 10, describe: 'how many seeds' },
  first: { kind: 'whole', min: 0, max: 4_294_967_295, default: 1, describe: 'the first of them' },
  seed: { kind: 'whole', min: 0, max: 4_294_967_295, default: 0, describe: 'the same as --first, as other experiments call it; 0: as --first says' },
  nodes: { kind: 'whole', min: 10, max: 10_000, default: 200, describe: 'ring members' },
  workload: { kind: 'text', placeholder: WORKLOAD_PLACEHOLDER, default: 'light', describe: 'what users do meanwhile' },
  faults: { kind: 'text', placeholder: FAULT_KINDS.join('|'), default: 'all', describe: 'what may go wrong; basic: weather, crash and restart only' },
  workers: { kind: 'whole', min: 0, max: 64, default: 0, describe: 'threads; 0: one for each core. Results do not depend on it' },
  traced: { kind: 'switch', describe: 'give a digest of every effect of each seed' },
} as const satisfies Options;

/** Rows of the table; with more seeds only those that failed are told one by one. */
const ROWS_MAX = 50;

/** Random faults against everything that is promised, seed by seed. */
export const swarm: Experiment<typeof OPTIONS> = {
  name: 'swarm',
  summary: 'every kind of fault against every promise, seed by seed; any broken one fails',
  options: OPTIONS,
  operands: [],
  run: runSeeds,
};

async function runSeeds(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Promise<Outcome> {
  const { seeds, nodes, workload, traced } = values;
  const faults = FAULT_KINDS.find((kinds) => kinds === values.faults);
  if (faults === undefined) throw new LabFault(`--faults: '${values.faults}' is none of ${FAULT_KINDS.join('|')}`, { usage: true });
  if (!isWorkload(workload)) throw new LabFault(`--workload: '${workload}' is none of ${WORKLOAD_PLACEHOLDER}`, { usage: true });
  const first = values.seed === 0 ? values.first : values.seed;
  const setups = Array.from({ length: seeds }, (_, i): SwarmSetup => ({ seed: first + i, nodes, workload, faults, traced }));
  const startedAt = performance.now();
  const reports = await runSwarms({ setups, workers: values.workers === 0 ? availableParallelism() : values.workers, ended: (done) => progress.show('seeds', done, seeds) });
  const seconds = (performance.now() - startedAt) / 1_000;
  const failed = reports.filter(({ violations }) => violations.length > 0);
  const virtualSecondsPerSecond = rounded(reports.reduce((total, report) => total + report.virtualSeconds, 0) / seconds, 1);
  return {
    parameters: { seeds, first, nodes, workload, faults },
    results: { seeds, failedSeeds: failed.length, virtualSecondsPerSecond, runs: reports.map(asJson) },
    tables: [totalsOf(reports, virtualSecondsPerSecond), tableOf(reports.length <= ROWS_MAX ? reports : failed.slice(0, ROWS_MAX))],
    remarks: [`Given up, by reason: ${describeDrops(reports)}`],
    failures: failed.flatMap(({ seed, mix, violations }) => [
      `seed ${seed}: again with npm run lab -- swarm --seeds 1 --first ${seed} --nodes ${nodes} --workload ${workload} --faults ${faults}`,
      `  drawn: ${describeFaultMix(mix)}`,
      ...violations.map((violation) => `  ${violation}`),
    ]),
  };
}

function totalsOf(reports: readonly SwarmReport[], virtualSecondsPerSecond: number): Table {
  const sum = (of: (report: SwarmReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const faults = [...new Set(reports.flatMap((report) => Object.keys(report.faults)))] as (keyof SwarmReport['faults'])[];
  return {
    columns: ['in all', ''],
    rows: [
      ['seeds, failed', `${reports.length}, ${reports.filter(({ violations }) => violations.length > 0).length}`],
      ['virtual seconds a second', virtualSecondsPerSecond],
      ['events', sum(({ events }) => events)],
      ...faults.map((fault) => [fault, sum((report) => report.faults[fault])]),
      ['lookups', sum(({ lookups }) => lookups.lookups)],
      ['receipted', sum(({ receipted }) => receipted)],
      ['delivered', sum(({ delivered }) => delivered)],
    ],
  };
}

function tableOf(reports: readonly SwarmReport[]): Table {
  return {
    columns: ['seed', 'crashes', 'lookups', 'lost', 'with a node', 'incorrect', 'duplicate', 'by a new root', 'late', 'receipted', 'delivered', 'virtual s', 'digest'],
    rows: reports.map(({ seed, faults, lookups, receipted, delivered, virtualSeconds, digest }) => [
      seed,
      faults.crashes,
      lookups.lookups,
      lookups.lost,
      lookups.lostWithNode,
      lookups.incorrect,
      lookups.duplicate,
      lookups.duplicateAfterChange,
      lookups.late,
      receipted,
      delivered,
      rounded(virtualSeconds, 0),
      digest ?? '-',
    ]),
  };
}

function describeDrops(reports: readonly SwarmReport[]): string {
  const totals = new Map<string, number>();
  for (const { drops } of reports) for (const [reason, count] of Object.entries(drops)) totals.set(reason, (totals.get(reason) ?? 0) + count);
  if (totals.size === 0) return 'nothing';
  return [...totals].sort(([, a], [, b]) => b - a).map(([reason, count]) => `${reason} ${count}`).join(', ');
}

function asJson({ seed, mix, lookups, receipted, delivered, faults, drops, virtualSeconds, events, digest, violations }: SwarmReport): { readonly [key: string]: Json } {
  return { seed, mix: describeFaultMix(mix), lookups, receipted, delivered, faults, drops, virtualSeconds: rounded(virtualSeconds, 1), events, digest: digest ?? null, violations };
}
