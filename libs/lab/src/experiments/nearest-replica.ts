import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import { histogramChart } from '../report/plot.ts';
import type { Progress } from '../report/progress.ts';
import { measureNearestReplica } from '../simulation/measure-nearest-replica.ts';
import { makeTopology } from '../topology-choice.ts';
import { RING_OPTIONS, ringOf } from './ring-options.ts';

const OPTIONS = {
  nodes: { kind: 'whole', min: 10, max: 1_000_000, default: 10_000, describe: 'ring members' },
  lookups: { kind: 'whole', min: 1, max: 10_000_000, default: 100_000, describe: 'lookups of random keys from random nodes' },
  replicas: { kind: 'whole', min: 2, max: 16, default: 5, describe: 'k: nodes closest to a key that hold a replica each' },
  neighborhood: { kind: 'whole', min: 1, max: 128, default: 16, describe: 'nearest nodes that each node remembers' },
  ...RING_OPTIONS,
  'leaf-set': { ...RING_OPTIONS['leaf-set'], default: 8 },
  b: { ...RING_OPTIONS.b, default: 3 },
  direct: { kind: 'switch', describe: 'fill leaf sets and routing tables from the true ring instead of joining' },
  plain: { kind: 'switch', describe: 'route straight to the root, without the heuristic that looks for near replicas' },
} as const satisfies Options;

/** Which replica of an object a lookup meets first. Source: Rowstron & Druschel 2001, §2.5 and Figure 8. */
export const nearestReplica: Experiment<typeof OPTIONS> = {
  name: 'nearest-replica',
  summary: 'how often a lookup meets the nearest of k replicas first',
  options: OPTIONS,
  operands: [],
  run: runNearestReplica,
};

function runNearestReplica(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Outcome {
  const { nodes, lookups, seed, b, direct, replicas, neighborhood, plain } = values;
  const { leafSet, digitBits } = ringOf(values);
  const topology = makeTopology(values.topology, { hosts: nodes, seed });
  const results = measureNearestReplica({ topology, lookups, seed, leafSet, neighborhood, digitBits, replicas, heuristic: !plain, direct }, progress);
  const { byRank, hops, incorrect, joined, lost, nearest, nearestTwo } = results;
  const failures = [
    ...(joined < nodes ? [`only ${joined} of ${nodes} nodes became ready`] : []),
    ...(lost > 0 ? [`${lost} lookups were lost`] : []),
    ...(incorrect > 0 ? [`${incorrect} lookups were delivered at a node that was not the root`] : []),
  ];
  return {
    parameters: { nodes, lookups, topology: values.topology, replicas, leafSet, neighborhood, b, seed, direct, plain },
    results: { ...results },
    tables: [
      {
        columns: ['', 'met the nearest first', 'one of the two nearest', 'hops to the root'],
        rows: [
          ['here', nearest, nearestTwo, hops],
          ['Rowstron & Druschel 2001, Fig. 8, plain', 0.68, 0.87, '-'],
          ['the same with its heuristic', 0.76, 0.92, '-'],
        ],
      },
    ],
    remarks: direct ? ['Leaf sets and routing tables were filled directly (--direct).'] : [],
    plot: histogramChart({ title: `Which of ${replicas} replicas ${lookups} lookups met first`, axis: 'rank by distance', series: [{ name: `here, ${nodes} nodes`, shares: byRank }] }),
    failures,
  };
}
