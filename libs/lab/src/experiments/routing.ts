import type { EChartsOption } from 'echarts';
import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import { histogramChart, type Series } from '../report/plot.ts';
import type { Progress } from '../report/progress.ts';
import type { Table } from '../report/table.ts';
import { measureRouting, type RoutingResults } from '../simulation/measure-routing.ts';
import { makeTopology } from '../topology-choice.ts';
import { publishedNear } from './published.ts';
import { RING_OPTIONS, ringOf } from './ring-options.ts';

const OPTIONS = {
  nodes: { kind: 'whole', min: 2, max: 1_000_000, default: 1_000, describe: 'ring members' },
  lookups: { kind: 'whole', min: 1, max: 10_000_000, default: 10_000, describe: 'random-pair lookups after all have joined' },
  ...RING_OPTIONS,
  direct: { kind: 'switch', describe: 'fill leaf sets and routing tables from the true ring instead of joining' },
} as const satisfies Options;

const TYPES_SHOWN = 12;
const STILL = [
  'Leaf sets and routing tables were filled directly (--direct), each slot with the nearest of 16 nodes that fit it: nothing here says how well nodes join.',
  'Nobody comes or goes, and nothing but lookups is simulated: no heartbeats, leases, probes, sweeps or exchanges of tables. A machine is made when',
  'the first message reaches its node, and forgotten again when many others were used since; it has then no measurements of its own but those it was filled with.',
];

/** Hops, delay and correctness of lookups between random pairs. Source: Rowstron & Druschel 2001, §3.1 and §3.2. */
export const routing: Experiment<typeof OPTIONS> = {
  name: 'routing',
  summary: 'hops, delay penalty and correctness of lookups between random pairs of nodes',
  options: OPTIONS,
  operands: [],
  run: runRouting,
};

function runRouting(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Outcome {
  const { nodes, lookups, seed, b, direct } = values;
  const { leafSet, digitBits } = ringOf(values);
  const topology = makeTopology(values.topology, { hosts: nodes, seed });
  const results = measureRouting({ topology, lookups, seed, leafSet, digitBits, direct }, progress);
  return {
    parameters: { nodes, lookups, topology: values.topology, leafSet, b, seed, direct },
    results: { ...results },
    tables: [comparison({ nodes, leafSet, topology: values.topology }, results), accounts(results), ...joinCosts(results)],
    remarks: [...(direct ? STILL : []), ...sampleRemark(results)],
    plot: plot(nodes, results),
    failures: failuresOf(nodes, results),
  };
}

function sampleRemark({ lookups, perfect }: RoutingResults): readonly string[] {
  return perfect.lookups === lookups ? [] : [`Perfect tables were computed for the first ${perfect.lookups} lookups.`];
}

function comparison(here: { readonly nodes: number; readonly leafSet: number; readonly topology: string }, { hops, rdp, perfect }: RoutingResults): Table {
  const kind = here.topology.replace(/:.*/, '');
  return {
    columns: ['', 'on', 'nodes', 'leaf set', 'hops mean', 'p99', 'RDP mean', 'median', 'ratio of sums'],
    rows: [
      ['here', kind, here.nodes, here.leafSet, hops.mean, hops.p99, rdp.mean, rdp.median, rdp.ratioOfSums],
      ['perfect tables', kind, here.nodes, here.leafSet, perfect.hops, '-', perfect.rdp.mean, perfect.rdp.median, perfect.rdp.ratioOfSums],
      ...publishedNear(here.nodes).map((row) => [
        row.source,
        row.topology,
        row.nodes,
        row.leafSet,
        row.hopsMean ?? '-',
        row.hopsP99 ?? '-',
        row.rdpMean ?? '-',
        row.rdpMedian ?? '-',
        row.rdpRatioOfSums ?? '-',
      ]),
    ],
  };
}

function accounts(results: RoutingResults): Table {
  return {
    columns: ['lookups', 'lost', 'incorrect', 'duplicate', 'late', 'entries a node', 'most', 'messages a node and s, idle', 'virtual s', 'events', 'a CPU s'],
    rows: [
      [
        results.lookups,
        results.lost,
        results.incorrect,
        results.duplicate,
        results.late,
        results.entriesPerNode.mean,
        results.entriesPerNode.max,
        results.idleMessagesPerNodeSecond ?? '-',
        results.virtualSeconds,
        results.events,
        results.eventsPerCpuSecond,
      ],
    ],
  };
}

function joinCosts({ joins }: RoutingResults): readonly Table[] {
  if (joins === null) return [];
  const { cpuSeconds, messagesByType, messagesPerNode, retriesPerNode, secondsPerJoin, virtualSeconds } = joins;
  const costs = { columns: ['joins: virtual s', 'CPU s', 's a join', 'most', 'messages a join', 'retries'], rows: [[virtualSeconds, cpuSeconds, secondsPerJoin.mean, secondsPerJoin.max, messagesPerNode, retriesPerNode]] };
  const dearest = Object.entries(messagesByType).slice(0, TYPES_SHOWN);
  return [costs, { columns: ['messages a join, by type', ''], rows: dearest }];
}

function plot(nodes: number, { hops, lookups }: RoutingResults): EChartsOption {
  const here: Series = { name: `here, ${nodes} nodes`, shares: hops.histogram.map((count) => count / lookups) };
  const others = publishedNear(nodes).flatMap(({ source, hopShares }) => (hopShares === undefined ? [] : [{ name: source, shares: hopShares }]));
  return histogramChart({ title: `Hops of ${lookups} lookups`, axis: 'hops', series: [here, ...others] });
}

function failuresOf(nodes: number, { joined, lost, incorrect, complaints }: RoutingResults): readonly string[] {
  const failures: string[] = [];
  if (joined < nodes) failures.push(`only ${joined} of ${nodes} nodes became ready`);
  if (lost > 0) failures.push(`${lost} lookups were lost`);
  if (incorrect > 0) failures.push(`${incorrect} lookups were delivered at a node that was not the root`);
  return failures.length === 0 ? [] : [...failures, ...complaints];
}
