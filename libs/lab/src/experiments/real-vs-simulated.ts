import type { EChartsOption } from 'echarts';
import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import { agreement, drawLookups, hopShares, lookupFigures, type Agreement, type LookupFigures } from '../real/asked-lookups.ts';
import { latencyMapOf } from '../real/latency-file.ts';
import { measureSimulatedLookups } from '../real/measure-simulated-lookups.ts';
import { histogramChart } from '../report/plot.ts';
import type { Progress } from '../report/progress.ts';
import { makeTopology } from '../topology-choice.ts';
import { ringOf, RING_OPTIONS } from './ring-options.ts';

/** Ids are drawn by the nodes, so nobody can be seated beforehand: with this many sites a node, few share one. */
const SITES_PER_NODE = 4;
const DIFFERENCE_MAX = 0.1;

const OPTIONS = {
  nodes: { kind: 'whole', min: 2, max: 64, default: 48, describe: 'node processes, about 80 MB each' },
  lookups: { kind: 'whole', min: 1, max: 1_000_000, default: 4_000, describe: 'random keys asked by random nodes' },
  rate: { kind: 'whole', min: 1, max: 1_000, default: 25, describe: 'lookups a second; low, so that processors have no part in the times' },
  settle: { kind: 'whole', min: 0, max: 3_600, default: 150, describe: 'seconds between the last join and the first lookup' },
  topology: RING_OPTIONS.topology,
  'leaf-set': { ...RING_OPTIONS['leaf-set'], min: 8, max: 64, default: 16 },
  seed: RING_OPTIONS.seed,
} as const satisfies Options;

/** The same nodes, map and lookups as processes and as simulation: do the simulator's figures mean anything? */
export const realVsSimulated: Experiment<typeof OPTIONS> = {
  name: 'real-vs-simulated',
  summary: 'node processes over an emulated map against the same nodes in the simulator: hops and latency of lookups',
  options: OPTIONS,
  operands: [],
  run: runRealVsSimulated,
};

async function runRealVsSimulated(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Promise<Outcome> {
  const { nodes, lookups: count, rate, settle, seed } = values;
  const { leafSet } = ringOf({ ...values, b: 4 });
  const map = latencyMapOf(makeTopology(values.topology, { hosts: SITES_PER_NODE * nodes, seed }));
  const shared = { map, leafSet, settleMs: settle * 1_000, lookups: drawLookups(count, nodes, seed), lookupsPerSecond: rate };
  const { measureRealLookups } = await import('../real/measure-real-lookups.ts');
  const { ids, answers } = await measureRealLookups({ ...shared, nodes }, progress);
  const real = lookupFigures(answers);
  const simulated = lookupFigures(measureSimulatedLookups({ ...shared, ids, seed }, progress));
  const agrees = agreement(real, simulated);
  return {
    parameters: { nodes, lookups: count, rate, settle, topology: values.topology, leafSet, seed },
    results: { real, simulated, agreement: agrees },
    tables: [
      {
        columns: ['', 'lookups', 'unanswered', 'hops', ...hopColumns(real, simulated), 'latency ms, median', 'mean', 'p90'],
        rows: [rowOf('processes', real, simulated), rowOf('simulated', simulated, real)],
      },
      { columns: ['real by simulated', 'hops, mean', 'latency, median', 'p90', 'lookups with other hops'], rows: [['', agrees.hopsMean, agrees.medianLatency, agrees.p90Latency, agrees.hopsMoved]] },
    ],
    remarks: [
      `Latency is the time from asking a node to its answer: the way to the root, and straight back. Both rings have the ids that the processes drew, on a map of ${map.sites} sites.`,
      'Lookups whose asker is the root have no hops and count for hops only.',
    ],
    plot: plot(real, simulated),
    failures: failuresOf(agrees, real, simulated),
  };
}

function hopColumns(...figures: readonly LookupFigures[]): readonly string[] {
  return Array.from({ length: Math.max(...figures.map(({ hops }) => hops.histogram.length)) }, (_, hops) => `${hops}`);
}

function rowOf(name: string, figures: LookupFigures, other: LookupFigures): readonly (string | number)[] {
  const { hops, latencyMs, lookups, unanswered } = figures;
  return [name, lookups, unanswered, hops.mean, ...hopColumns(figures, other).map((column) => hops.histogram[Number(column)] ?? 0), latencyMs.median, latencyMs.mean, latencyMs.p90];
}

function plot(real: LookupFigures, simulated: LookupFigures): EChartsOption {
  return histogramChart({
    title: 'Hops of a lookup',
    axis: 'hops',
    series: [
      { name: 'processes', shares: hopShares(real) },
      { name: 'simulated', shares: hopShares(simulated) },
    ],
  });
}

function failuresOf(agrees: Agreement, real: LookupFigures, simulated: LookupFigures): readonly string[] {
  const found: string[] = [];
  const apart = (what: string, ratio: number): void => {
    if (Math.abs(ratio - 1) > DIFFERENCE_MAX) found.push(`${what} of the processes is ${ratio} times the simulated, over ${100 * DIFFERENCE_MAX} % apart`);
  };
  apart('the mean of hops', agrees.hopsMean);
  apart('the median latency', agrees.medianLatency);
  if (agrees.hopsMoved > DIFFERENCE_MAX) found.push(`${agrees.hopsMoved} of the lookups take another number of hops, ${DIFFERENCE_MAX} is the most`);
  if (real.unanswered + simulated.unanswered > 0) found.push(`${real.unanswered} real and ${simulated.unanswered} simulated lookups were not answered`);
  return found;
}
