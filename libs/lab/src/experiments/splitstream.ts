import type { EChartsOption } from 'echarts';
import { LabFault } from '../cli/fault.ts';
import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import { curveChart } from '../report/plot.ts';
import type { Progress } from '../report/progress.ts';
import type { Table } from '../report/table.ts';
import { measureSplitstream, WATCHED_SECONDS, type SplitstreamResults } from '../simulation/measure-splitstream.ts';
import { routedTopology } from '../topology-choice.ts';
import { RING_OPTIONS, ringOf } from './ring-options.ts';

const OPTIONS = {
  nodes: { kind: 'whole', min: 20, max: 100_000, default: 1_000, describe: 'ring members, all of them in the group' },
  fail: { kind: 'fraction', default: 0.25, describe: 'share of them that falls silent at once, 0.9 at most' },
  stripes: { kind: 'whole', min: 2, max: 16, default: 16, describe: 'trees that share the payloads' },
  'fan-out': { kind: 'whole', min: 1, max: 1_000_000, default: 20, describe: 'children of a node over all stripes; the papers call it C, and have 16 to 32' },
  ...RING_OPTIONS,
  topology: { ...RING_OPTIONS.topology, default: 'transit-stub', describe: 'transit-stub or graph:FILE: links are counted' },
  direct: { kind: 'switch', describe: 'fill leaf sets and routing tables from the true ring instead of joining' },
} as const satisfies Options;

/** How soon every survivor has all stripes again, and what the forest costs. Source: Castro et al. 2003 (SplitStream), §5. */
export const splitstream: Experiment<typeof OPTIONS> = {
  name: 'splitstream',
  summary: 'seconds until every survivor of a mass death has all stripes again; overlap, delay and link stress of the forest',
  options: OPTIONS,
  operands: [],
  run: runSplitstream,
};

function runSplitstream(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Outcome {
  const { nodes, fail, stripes, seed, b, direct } = values;
  const fanOutMax = values['fan-out'];
  const ring = ringOf(values);
  if (fail > 0.9) throw new LabFault(`--fail: ${fail} leaves too few, 0.9 is the most`, { usage: true });
  const topology = routedTopology(values.topology, { hosts: nodes, seed });
  const { received, ...results } = measureSplitstream({ topology, fail, stripes, fanOutMax, direct, ...ring }, progress);
  return {
    parameters: { nodes, fail, stripes, fanOutMax, topology: values.topology, leafSet: ring.leafSet, b, seed, direct },
    results: { ...results, received },
    tables: [healing(nodes, results, received), forest(results), accounts(results)],
    remarks: [
      `All stripes: from when on what goes into any stripe, one payload a second, reached every survivor within 3 s; ${WATCHED_SECONDS} s are watched. Those that fall silent say nothing and reset no connection.`,
      'Lost: pairs of a message published after the kill and a survivor that was not told it. The group is ordered: it asks no majority.',
      'Overlap: nodes inside two trees and more, of those inside any. RAD, RMD and link stress: one payload by each stripe, from the root of the stripe.',
      'The paper\'s figures were read off its plots.',
      ...(direct ? ['Leaf sets and routing tables were filled directly (--direct): nothing here says how well nodes join.'] : []),
    ],
    plot: plot(received, stripes),
    failures: failuresOf(nodes, results),
  };
}

type Results = Omit<SplitstreamResults, 'received'>;

function healing(nodes: number, { killed, secondsToAllStripes, lost, delivered }: Results, received: SplitstreamResults['received']): Table {
  const worst = Math.min(...received.map(({ mean }) => mean));
  return {
    columns: ['', 'nodes', 'killed', 'all stripes again, s', 'fewest stripes of a mean second', 'lost', 'delivered in time'],
    rows: [
      ['here', nodes, killed, secondsToAllStripes ?? 'never', worst, lost, delivered],
      ['Castro et al. 2003 (SplitStream)', 10_000, 2_500, '30 to 180', '12 to 14', '-', '-'],
    ],
  };
}

function forest({ interiorOverlap, children, rad, rmd, linkStress, shortestPath }: Results): Table {
  return {
    columns: ['forest', 'overlap', 'children mean', 'max', 'RAD median', 'max', 'RMD median', 'max', 'link stress mean', 'max', 'shortest paths mean', 'max'],
    rows: [['here', interiorOverlap, children.mean, children.max, rad.median, rad.max, rmd.median, rmd.max, linkStress.mean, linkStress.max, shortestPath.linkStress.mean, shortestPath.linkStress.max]],
  };
}

function accounts({ survivors, duplicates, missingBefore }: Results): Table {
  return { columns: ['survivors', 'duplicates', 'missing before the kill'], rows: [[survivors, duplicates, missingBefore]] };
}

function plot(received: SplitstreamResults['received'], stripes: number): EChartsOption {
  return curveChart({
    title: `Share of ${stripes} stripes that reach a survivor within 3 s`,
    axis: 'seconds after the kill',
    series: [
      { name: 'mean', points: received.map(({ second, mean }) => [second, mean / stripes] as const) },
      { name: 'worst stripe', points: received.map(({ second, min }) => [second, min] as const) },
    ],
  });
}

function failuresOf(nodes: number, { joined, missingBefore, secondsToAllStripes, duplicates }: Results): readonly string[] {
  const found: string[] = [];
  if (joined < nodes) found.push(`only ${joined} of ${nodes} nodes became ready`);
  if (missingBefore > 0) found.push(`${missingBefore} payloads did not reach a node within 3 s before anybody was killed`);
  if (secondsToAllStripes === null) found.push(`some survivors lacked a stripe ${WATCHED_SECONDS} s after the kill`);
  if (duplicates > 0) found.push(`${duplicates} messages were told twice`);
  return found;
}
