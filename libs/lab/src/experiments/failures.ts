import type { EChartsOption } from 'echarts';
import { LabFault } from '../cli/fault.ts';
import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import { histogramChart } from '../report/plot.ts';
import type { Progress } from '../report/progress.ts';
import type { Table } from '../report/table.ts';
import { measureFailures, REPAIR_MS, type FailuresResults } from '../simulation/measure-failures.ts';
import { sum } from '../statistics.ts';
import { makeTopology } from '../topology-choice.ts';
import { RING_OPTIONS, ringOf } from './ring-options.ts';

const OPTIONS = {
  nodes: { kind: 'whole', min: 10, max: 100_000, default: 1_000, describe: 'ring members' },
  fail: { kind: 'fraction', default: 0.1, describe: 'share of them that falls silent at once' },
  lookups: { kind: 'whole', min: 1, max: 1_000_000, default: 20_000, describe: 'lookups of random keys before, unrepaired and repaired, each' },
  ...RING_OPTIONS,
  direct: { kind: 'switch', describe: 'fill leaf sets and routing tables from the true ring instead of joining' },
} as const satisfies Options;

/** Routes before, right after and long after a share of the ring fell silent. Source: Rowstron & Druschel 2001, §4.4, Fig. 10. */
export const failures: Experiment<typeof OPTIONS> = {
  name: 'failures',
  summary: 'hops and correctness while a share of the nodes is silent and after repair, and what repair costs',
  options: OPTIONS,
  operands: [],
  run: runFailures,
};

function runFailures(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Outcome {
  const { nodes, fail, lookups, seed, b, direct } = values;
  const ring = ringOf(values);
  if (fail > 0.9) throw new LabFault(`--fail: ${fail} leaves too few, 0.9 is the most`, { usage: true });
  const topology = makeTopology(values.topology, { hosts: nodes, seed });
  const results = measureFailures({ topology, fail, lookups, direct, ...ring }, progress);
  return {
    parameters: { nodes, fail, lookups, topology: values.topology, leafSet: ring.leafSet, b, seed, direct },
    results: { ...results },
    tables: [comparison({ nodes, leafSet: ring.leafSet }, results), accounts(lookups, results), costs(results)],
    remarks: [
      `Hops: lookups that began within a second: before, right after the failure, and ${REPAIR_MS / 60_000} minutes later. All are counted, also those for keys of the silent.`,
      'Repair messages: every datagram the survivors sent in that time, requests and replies one each, less what the same nodes sent in a ring of the same seed in which nobody failed; lookups, their hop acks and replies to those nodes left out. The paper counts remote procedure calls: those are the messages that answer no other.',
      'Late: a key of a silent node has no root before the leases of that node have run out.',
      ...(direct ? ['Leaf sets and routing tables were filled directly (--direct): nothing here says how well nodes join.'] : []),
    ],
    plot: plot(results),
    failures: failuresOf(nodes, results),
  };
}

function comparison({ nodes, leafSet }: { readonly nodes: number; readonly leafSet: number }, results: FailuresResults): Table {
  const { failed, hopsBefore, hopsUnrepaired, hopsRepaired, hopsUndisturbed, repairMessagesPerFailedNode, repairCallsPerFailedNode } = results;
  return {
    columns: ['', 'nodes', 'silent', 'leaf set', 'hops before', 'unrepaired', 'repaired', 'had none failed', 'repair messages a silent node', 'of them calls'],
    rows: [
      ['here', nodes, failed, leafSet, hopsBefore, hopsUnrepaired, hopsRepaired, hopsUndisturbed, repairMessagesPerFailedNode, repairCallsPerFailedNode],
      ['Rowstron & Druschel 2001, Fig. 10', 5_000, 500, 16, 2.73, 2.96, 2.74, '-', '-', 57],
    ],
  };
}

function accounts(lookups: number, { lost, incorrect, duplicate, late }: FailuresResults): Table {
  return { columns: ['lookups', 'lost', 'incorrect', 'duplicate', 'late'], rows: [[3 * lookups, lost, incorrect, duplicate, late]] };
}

function costs({ repairMessagesByType }: FailuresResults): Table {
  return { columns: ['repair message', 'a silent node'], rows: Object.entries(repairMessagesByType) };
}

function plot({ histograms }: FailuresResults): EChartsOption {
  const series = Object.entries(histograms).map(([name, counts]) => ({ name, shares: counts.map((count) => count / Math.max(1, sum(counts))) }));
  return histogramChart({ title: 'Hops around a failure', axis: 'hops', series });
}

function failuresOf(nodes: number, { joined, lost, incorrect, complaints }: FailuresResults): readonly string[] {
  const found: string[] = [];
  if (joined < nodes) found.push(`only ${joined} of ${nodes} nodes became ready`);
  if (lost > 0) found.push(`${lost} lookups were lost`);
  if (incorrect > 0) found.push(`${incorrect} lookups were delivered at a node that was not the root`);
  return found.length === 0 ? [] : [...found, ...complaints];
}
