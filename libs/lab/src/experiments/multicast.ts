import type { EChartsOption } from 'echarts';
import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import { curveChart } from '../report/plot.ts';
import type { Progress } from '../report/progress.ts';
import type { Table } from '../report/table.ts';
import { measureMulticast, type MulticastResults } from '../simulation/measure-multicast.ts';
import { routedTopology } from '../topology-choice.ts';
import { RING_OPTIONS, ringOf } from './ring-options.ts';

const NODES = 20_000;
const FULL_NODES = 100_000;
const GROUPS = 1_500;

const OPTIONS = {
  nodes: { kind: 'whole', min: 10, max: FULL_NODES, default: NODES, describe: 'ring members' },
  groups: { kind: 'whole', min: 1, max: 10_000, default: GROUPS, describe: 'groups, the largest of all nodes, one message each' },
  'fan-out': { kind: 'whole', min: 1, max: 1_000_000, default: 1_000_000, describe: 'children of a node in one group; a full one names others. The papers know no limit' },
  ...RING_OPTIONS,
  topology: { ...RING_OPTIONS.topology, default: 'transit-stub', describe: 'transit-stub or graph:FILE: links are counted' },
  direct: { kind: 'switch', describe: 'fill leaf sets and routing tables from the true ring instead of joining' },
  full: { kind: 'switch', describe: `${FULL_NODES.toLocaleString('en-US')} nodes, with --direct` },
} as const satisfies Options;

/** Delay and link stress of the shipped trees on a router graph. Source: Castro et al. 2002 (Scribe), §4. */
export const multicast: Experiment<typeof OPTIONS> = {
  name: 'multicast',
  summary: 'delay penalty, link stress and children of multicast trees on a router graph, beside perfect tables and shortest paths',
  options: OPTIONS,
  operands: [],
  run: runMulticast,
};

function runMulticast(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Outcome {
  const { groups, seed, b, full } = values;
  const nodes = full ? FULL_NODES : values.nodes;
  const direct = full || values.direct;
  const fanOutMax = values['fan-out'];
  const { leafSet, digitBits } = ringOf(values);
  const topology = routedTopology(values.topology, { hosts: nodes, seed });
  const { radDistribution, ...results } = measureMulticast({ topology, groups, seed, leafSet, digitBits, fanOutMax, direct }, progress);
  return {
    parameters: { nodes, groups, fanOutMax, topology: values.topology, leafSet, b, seed, direct },
    results: { ...results },
    tables: [comparison(nodes, results), stressTable(nodes, results), nodeStress(nodes, results), accounts(groups, results)],
    remarks: [
      'RAD and RMD: the mean (the highest) delay of a group\'s members by that of the shortest paths from the same source; median and maximum over groups.',
      `Link stress: copies of the ${groups} messages on a link, the mean over all ${topology.links.toLocaleString('en-US')} links of this graph, both ways together. The paper's graph has 1,035,295, so only its ratio to the shortest-path trees compares.`,
      'Perfect tables: the same groups, joins by the papers\' rule with the nearest of all nodes in every slot, the same voters under the root, nobody full.',
      ...(direct ? ['Leaf sets and routing tables were filled directly, each slot with the nearest of 16 nodes that fit it: nothing here says how near the tables are that nodes learn.'] : []),
    ],
    plot: plot(radDistribution),
    failures: failuresOf(nodes, results),
  };
}

type Results = Omit<MulticastResults, 'radDistribution'>;

function comparison(nodes: number, { rad, rmd, perfect, fromPublisher }: Results): Table {
  return {
    columns: ['delay', 'nodes', 'RAD median', 'max', 'RMD median', 'max'],
    rows: [
      ['here, from the root', nodes, rad.median, rad.max, rmd.median, rmd.max],
      ['perfect tables', nodes, perfect.rad.median, perfect.rad.max, perfect.rmd.median, perfect.rmd.max],
      ['here, from the publisher', nodes, fromPublisher.rad.median, fromPublisher.rad.max, fromPublisher.rmd.median, fromPublisher.rmd.max],
      ['Castro et al. 2002 (Scribe)', 100_000, 1.68, 2, 1.69, 4.26],
    ],
  };
}

function stressTable(nodes: number, { linkStress, perfect, shortestPath, fromPublisher }: Results): Table {
  const row = (name: string, { mean, max }: Results['linkStress'], base: Results['linkStress']): readonly (string | number)[] => [name, nodes, mean, max, mean / base.mean];
  const shortest = fromPublisher.shortestPath.linkStress;
  return {
    columns: ['link stress', 'nodes', 'mean', 'max', 'mean by that of shortest paths'],
    rows: [
      row('here, from the root', linkStress, shortestPath.linkStress),
      row('perfect tables', perfect.linkStress, shortestPath.linkStress),
      row('shortest-path trees from the root', shortestPath.linkStress, shortestPath.linkStress),
      row('here, from the publisher', fromPublisher.linkStress, shortest),
      row('shortest-path trees from the publisher', shortest, shortest),
      ['Castro et al. 2002 (Scribe)', 100_000, 2.4, 4_031, 2_489_824 / 758_853],
    ],
  };
}

function nodeStress(nodes: number, { childrenTables, entries }: Results): Table {
  return {
    columns: ['node stress', 'nodes', 'children tables mean', 'median', 'max', 'entries mean', 'median', 'max'],
    rows: [
      ['here', nodes, childrenTables.mean, childrenTables.median, childrenTables.max, entries.mean, entries.median, entries.max],
      ['Castro et al. 2002 (Scribe)', 100_000, 2.4, 2, 40, 6.2, 3, 1_059],
    ],
  };
}

function accounts(groups: number, { memberships, lost, duplicates, virtualSeconds, events }: Results): Table {
  return { columns: ['groups', 'memberships', 'lost', 'duplicates', 'virtual s', 'events'], rows: [[groups, memberships, lost, duplicates, virtualSeconds, events]] };
}

function plot({ here, perfect }: MulticastResults['radDistribution']): EChartsOption {
  return curveChart({
    title: 'Relative average delay of groups, from the root',
    axis: 'RAD',
    series: [
      { name: 'here', points: here },
      { name: 'perfect tables', points: perfect },
    ],
  });
}

function failuresOf(nodes: number, { joined, gathered, lost, duplicates }: Results): readonly string[] {
  const failures: string[] = [];
  if (joined < nodes) failures.push(`only ${joined} of ${nodes} nodes became ready`);
  if (!gathered) failures.push('some groups did not open, or did not have all their members, within 30 s');
  if (lost > 0) failures.push(`${lost} members did not get the message of their group`);
  if (duplicates > 0) failures.push(`${duplicates} copies came a second time`);
  return failures;
}
