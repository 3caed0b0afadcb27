import { LabFault } from '../cli/fault.ts';
import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import { histogramChart } from '../report/plot.ts';
import type { Progress } from '../report/progress.ts';
import { measurePartition, type PartitionResults } from '../simulation/measure-partition.ts';
import { makeTopology } from '../topology-choice.ts';
import { RING_OPTIONS, ringOf } from './ring-options.ts';

/** The goal: one ring so soon after the heal. */
const GOAL_SECONDS = 120;

const OPTIONS = {
  nodes: { kind: 'whole', min: 4, max: 100_000, default: 1_000, describe: 'ring members' },
  minutes: { kind: 'whole', min: 1, max: 1_440, default: 30, describe: 'virtual minutes for which the sides cannot hear each other' },
  sides: { kind: 'whole', min: 2, max: 16, default: 2, describe: 'into how many the ring is split' },
  share: { kind: 'fraction', default: 0.5, describe: 'share of the nodes on the first side; the others divide the rest' },
  repeats: { kind: 'whole', min: 1, max: 100, default: 1, describe: 'how many times it is split and healed' },
  lookups: { kind: 'whole', min: 1, max: 10_000, default: 10, describe: 'lookups in every virtual second, all the time' },
  groups: { kind: 'whole', min: 0, max: 1_000, default: 20, describe: 'so many reliable and so many ordered groups run through it' },
  loss: { kind: 'fraction', default: 0, describe: 'share of datagrams that are lost' },
  ...RING_OPTIONS,
} as const satisfies Options;

/** How soon rings that formed apart are one, and whether every key has one owner then. */
export const partition: Experiment<typeof OPTIONS> = {
  name: 'partition',
  summary: 'seconds until a ring that was split is one ring again after the heal, and keys with two owners after that',
  options: OPTIONS,
  operands: [],
  run: runPartition,
};

function runPartition(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Outcome {
  const { nodes, minutes, sides, share, repeats, lookups, groups, loss, seed, b } = values;
  const { leafSet, digitBits } = ringOf(values);
  if (share <= 0 || share >= 1) throw new LabFault(`--share: ${share} leaves a side empty`, { usage: true });
  const topology = makeTopology(values.topology, { hosts: nodes, seed });
  const weather = { lossRate: loss, duplicateRate: 0, jitter: 0, reorderRate: 0, reorderMsMax: 0 };
  const results = measurePartition({ topology, weather, splitMs: minutes * 60_000, sides, share, repeats, lookups, groups, seed, leafSet, digitBits }, progress);
  const { complaints, ...figures } = results;
  return {
    parameters: { nodes, minutes, sides, share, repeats, lookups, groups, loss, topology: values.topology, leafSet, b, seed },
    results: figures,
    tables: [
      {
        columns: ['', 'nodes', 'sides', 'split, min', 'one ring, s', 'leaf sets true, s', 'messages a node'],
        rows: [
          ['here', nodes, sides, minutes, results.mergeSeconds ?? 'never', results.leafSetSeconds ?? 'never', results.messagesPerNode],
          ['goal', '', '', 30, `< ${GOAL_SECONDS}`, '', ''],
        ],
      },
      {
        columns: ['lookups', 'lost', 'incorrect', 'duplicate', 'late', 'keys looked at', 'with two owners', 'without'],
        rows: [[results.lookups, results.lost, results.incorrect, results.duplicate, results.late, results.keysAudited, results.keysWithTwoOwners, results.keysWithoutOwner]],
      },
      {
        columns: ['groups reliable and ordered', 'messages receipted', 'delivered', 'promises broken'],
        rows: [[`${results.groups.groups} + ${results.groups.groups}`, results.groups.receipted, results.groups.delivered, results.groups.complaints.length]],
      },
    ],
    remarks: [
      'One ring: every node has its two true neighbors among its leaves. Leaf sets true: all of its leaves are those nearest on the ring.',
      'Until the rings are one a lookup is right at the root of the side it is on; late are mostly those that waited for leases of the other side to run out.',
      'Keys are looked at every 5 s for two minutes after the merge: every id, the middle between any two neighbors, 1,000 random keys.',
      ...complaints,
    ],
    plot: histogramChart({ title: 'One ring again', axis: 'split number', series: [{ name: 'seconds', shares: results.merges.map((seconds) => seconds ?? 0) }] }),
    failures: failuresOf(nodes, results),
  };
}

function failuresOf(nodes: number, results: PartitionResults): readonly string[] {
  const found: string[] = [];
  if (results.joined < nodes) found.push(`only ${results.joined} of ${nodes} nodes became ready`);
  if (!results.sidesStood) found.push('a side was no whole ring when the split ended');
  if (results.mergeSeconds === null) found.push('the rings did not become one within 15 minutes');
  else if (results.mergeSeconds > GOAL_SECONDS) found.push(`the rings took ${results.mergeSeconds} s to become one`);
  if (results.keysWithTwoOwners > 0) found.push(`${results.keysWithTwoOwners} keys had two owners after a merge`);
  if (results.keysWithoutOwner > 0) found.push(`${results.keysWithoutOwner} keys had no owner two minutes after a merge`);
  if (results.lost > 0) found.push(`${results.lost} lookups were lost`);
  if (results.incorrect > 0) found.push(`${results.incorrect} lookups were delivered at a node that was not the root of its side`);
  found.push(...results.groups.complaints);
  return found;
}
