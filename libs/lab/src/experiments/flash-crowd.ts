import type { EChartsOption } from 'echarts';
import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import { curveChart } from '../report/plot.ts';
import type { Progress } from '../report/progress.ts';
import type { Table } from '../report/table.ts';
import { measureFlashCrowd, type FlashCrowdResults } from '../simulation/measure-flash-crowd.ts';
import { makeTopology } from '../topology-choice.ts';
import { RING_OPTIONS, ringOf } from './ring-options.ts';

/** 1 Mbit/s is so many bytes a millisecond. */
const BYTES_PER_MS_AND_MBIT = 125;

const OPTIONS = {
  nodes: { kind: 'whole', min: 3, max: 100_000, default: 1_000, describe: 'ring members; one has the object, all others want it' },
  chunks: { kind: 'whole', min: 1, max: 100_000, default: 1_024, describe: 'length of the object, in chunks of 1 MiB' },
  stripes: { kind: 'whole', min: 2, max: 16, default: 16, describe: 'trees that share the chunks' },
  'fan-out': { kind: 'whole', min: 1, max: 1_000_000, default: 16, describe: 'children of a node over all stripes; as many as stripes is what its line carries' },
  mbit: { kind: 'number', min: 0.1, max: 100_000, default: 250, describe: 'every node\'s line, each way, in Mbit/s' },
  ...RING_OPTIONS,
  direct: { kind: 'switch', describe: 'fill leaf sets and routing tables from the true ring instead of joining' },
} as const satisfies Options;

/** How near the distribution of one object by stripes comes to the least time there is. Source: Kumar & Ross 2006. */
export const flashCrowd: Experiment<typeof OPTIONS> = {
  name: 'flash-crowd',
  summary: 'time until all have an object that one node has, by the least time that lines of equal bandwidth allow',
  options: OPTIONS,
  operands: [],
  run: runFlashCrowd,
};

function runFlashCrowd(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Outcome {
  const { nodes, chunks, stripes, mbit, seed, b, direct } = values;
  const fanOutMax = values['fan-out'];
  const ring = ringOf(values);
  const topology = makeTopology(values.topology, { hosts: nodes, seed });
  const { finished, ...results } = measureFlashCrowd({ topology, chunks, stripes, fanOutMax, direct, bytesPerMs: mbit * BYTES_PER_MS_AND_MBIT, ...ring }, progress);
  return {
    parameters: { nodes, chunks, stripes, fanOutMax, mbit, topology: values.topology, leafSet: ring.leafSet, b, seed, direct },
    results: { ...results },
    tables: [times(results), accounts(results)],
    remarks: [
      'The least time is max(F / d, F / u, N · F / (all u together)), for a fluid without delay. What a node sends on all its links shares its line one after the other, what it receives likewise; control messages take none.',
      'Origin: what the node that has the object sent, by the object\'s length; 1 is the least.',
      ...(direct ? ['Leaf sets and routing tables were filled directly (--direct): nothing here says how well nodes join.'] : []),
    ],
    plot: plot(finished),
    failures: failuresOf(nodes, results),
  };
}

type Results = Omit<FlashCrowdResults, 'finished'>;

function times({ receivers, minimumSeconds, ratioToMinimum, originBytesRatio }: Results): Table {
  return {
    columns: ['receivers', 'least time, s', 'by it: p50', 'p99', 'max', 'origin bytes by length'],
    rows: [[receivers, minimumSeconds, ratioToMinimum?.p50 ?? '-', ratioToMinimum?.p99 ?? '-', ratioToMinimum?.max ?? '-', originBytesRatio]],
  };
}

function accounts({ incomplete, duplicates, gaps, children }: Results): Table {
  return { columns: ['incomplete', 'duplicates', 'gaps', 'children mean', 'max'], rows: [[incomplete, duplicates, gaps, children.mean, children.max]] };
}

function plot(finished: FlashCrowdResults['finished']): EChartsOption {
  return curveChart({ title: 'Receivers that have the whole object', axis: 'time by the least time', marks: [{ name: 'goal', at: 1.15 }], series: [{ name: 'receivers', points: finished }] });
}

function failuresOf(nodes: number, { joined, incomplete, duplicates, gaps }: Results): readonly string[] {
  const found: string[] = [];
  if (joined < nodes) found.push(`only ${joined} of ${nodes} nodes became ready`);
  if (incomplete > 0) found.push(`${incomplete} receivers did not have the whole object in four times the least time, or a minute`);
  if (duplicates > 0) found.push(`${duplicates} chunks were told twice`);
  if (gaps > 0) found.push(`${gaps} gaps were told`);
  return found;
}
