import type { EChartsOption } from 'echarts';
import { LabFault } from '../cli/fault.ts';
import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import { curveChart } from '../report/plot.ts';
import type { Progress } from '../report/progress.ts';
import type { Table } from '../report/table.ts';
import { measureTreeHeal, WATCHED_SECONDS, type TreeHealResults } from '../simulation/measure-tree-heal.ts';
import { makeTopology } from '../topology-choice.ts';
import { RING_OPTIONS, ringOf } from './ring-options.ts';

const OPTIONS = {
  nodes: { kind: 'whole', min: 10, max: 100_000, default: 1_000, describe: 'ring members, all of them in the group' },
  fail: { kind: 'fraction', default: 0.9, describe: 'share of them that falls silent at once, 0.9 at most' },
  'fan-out': { kind: 'whole', min: 1, max: 1_000_000, default: 16, describe: 'children of a node; a full one names others' },
  ...RING_OPTIONS,
  direct: { kind: 'switch', describe: 'fill leaf sets and routing tables from the true ring instead of joining' },
} as const satisfies Options;

/** How soon an ordered group of all nodes reaches every survivor of a mass death. Source: Leitao et al. 2007 (Plumtree), §4. */
export const treeHeal: Experiment<typeof OPTIONS> = {
  name: 'tree-heal',
  summary: 'seconds until an ordered group of all nodes reaches every survivor after a share fell silent at once',
  options: OPTIONS,
  operands: [],
  run: runTreeHeal,
};

function runTreeHeal(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Outcome {
  const { nodes, fail, seed, b, direct } = values;
  const fanOutMax = values['fan-out'];
  const ring = ringOf(values);
  if (fail > 0.9) throw new LabFault(`--fail: ${fail} leaves too few, 0.9 is the most`, { usage: true });
  const topology = makeTopology(values.topology, { hosts: nodes, seed });
  const results = measureTreeHeal({ topology, fail, fanOutMax, direct, ...ring }, progress);
  return {
    parameters: { nodes, fail, fanOutMax, topology: values.topology, leafSet: ring.leafSet, b, seed, direct },
    results: { ...results },
    tables: [seconds(nodes, results), accounts(results)],
    remarks: [
      `All reached: the first message from which on each reached every survivor within 3 s, of two a second that one of the survivors publishes; ${WATCHED_SECONDS} s are watched. First word: the last survivor was told something that was published after the kill.`,
      'Ring whole: every survivor ready, between its true neighbors. Those that fall silent say nothing and reset no connection.',
      'Lost: pairs of a message published after the kill and a survivor that never met. An ordered group asks no majority: what only the dead had is lost.',
    ],
    plot: plot(results),
    failures: failuresOf(nodes, results),
  };
}

function seconds(nodes: number, results: TreeHealResults): Table {
  const { killed, secondsToAllReached, secondsToLastFirst, secondsToWholeRing, treeSecondsAfterRing } = results;
  return {
    columns: ['', 'nodes', 'killed', 'all reached, s', 'first word, s', 'ring whole, s', 'tree after ring, s'],
    rows: [['here', nodes, killed, secondsToAllReached ?? 'never', secondsToLastFirst ?? 'never', secondsToWholeRing ?? 'never', treeSecondsAfterRing ?? '-']],
  };
}

function accounts({ survivors, lost, duplicates, gaps, meanDepth, reached }: TreeHealResults): Table {
  return { columns: ['survivors', 'messages', 'lost', 'duplicates', 'gaps told', 'mean depth before'], rows: [[survivors, reached.length, lost, duplicates, gaps, meanDepth]] };
}

function plot({ reached }: TreeHealResults): EChartsOption {
  return curveChart({ title: 'Survivors reached within 3 s', axis: 'seconds after the kill', series: [{ name: 'survivors', points: reached }] });
}

function failuresOf(nodes: number, { joined, secondsToAllReached, duplicates }: TreeHealResults): readonly string[] {
  const found: string[] = [];
  if (joined < nodes) found.push(`only ${joined} of ${nodes} nodes became ready`);
  if (secondsToAllReached === null) found.push(`some survivors were not reached ${WATCHED_SECONDS} s after the kill`);
  if (duplicates > 0) found.push(`${duplicates} messages were told twice`);
  return found;
}
