import type { EChartsOption } from 'echarts';
import { LabFault } from '../cli/fault.ts';
import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import { curveChart } from '../report/plot.ts';
import type { Progress } from '../report/progress.ts';
import type { Table } from '../report/table.ts';
import { measureMassacre, WATCHED_ROUNDS, type MassacreResults } from '../simulation/measure-massacre.ts';
import { makeTopology } from '../topology-choice.ts';
import { RING_OPTIONS, ringOf } from './ring-options.ts';

const OPTIONS = {
  nodes: { kind: 'whole', min: 10, max: 100_000, default: 830, describe: 'ring members at first' },
  fail: { kind: 'fraction', default: 0.2, describe: 'share of them that is killed at once' },
  join: { kind: 'fraction', default: 0.5, describe: 'as many as this share of them join later, within a second' },
  lookups: { kind: 'whole', min: 1, max: 100_000, default: 200, describe: 'lookups in every virtual second' },
  ...RING_OPTIONS,
} as const satisfies Options;

/** How soon every lookup succeeds again after a mass death and a mass arrival. Source: Zhao et al. 2004. */
export const massacre: Experiment<typeof OPTIONS> = {
  name: 'massacre',
  summary: 'seconds until every lookup succeeds again after a share is killed at once, and after a share joins at once',
  options: OPTIONS,
  operands: [],
  run: runMassacre,
};

function runMassacre(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Outcome {
  const { nodes, fail, join, lookups, seed, b } = values;
  const ring = ringOf(values);
  if (fail > 0.9) throw new LabFault(`--fail: ${fail} leaves too few, 0.9 is the most`, { usage: true });
  const topology = makeTopology(values.topology, { hosts: nodes + Math.round(nodes * join), seed });
  const results = measureMassacre({ topology, nodes, fail, lookups, ...ring }, progress);
  return {
    parameters: { nodes, fail, join, lookups, topology: values.topology, leafSet: ring.leafSet, b, seed },
    results: { ...results },
    tables: [comparison(nodes, results), accounts(lookups, results)],
    remarks: [
      `A second is a full success when each of its ${lookups} lookups reached the true live root of its instant within 3 s; counted is the first second from which on all were, of ${WATCHED_ROUNDS} watched. Half of the keys are random, half are ids of hosts, dead ones and those to come too.`,
      'The paper let 15 minutes pass between the two blows; here it is three minutes.',
      'Keys without an owner: after each time watched the id of every host and as many random keys are looked up once; those that missed their true root, or took more than 3 s.',
    ],
    plot: plot(results),
    failures: failuresOf(nodes, results),
  };
}

function comparison(nodes: number, results: MassacreResults): Table {
  const { killed, joinedLater, secondsToFullSuccessAfterKill, secondsToFullSuccessAfterJoin, secondsToWholeRingAfterKill, secondsToWholeRingAfterJoin, secondsToAllReady } = results;
  return {
    columns: ['', 'nodes', 'killed', 'joined later', 'full success after kill, s', 'after join, s', 'ring whole after kill, s', 'after join, s', 'all ready, s'],
    rows: [
      ['here', nodes, killed, joinedLater, secondsToFullSuccessAfterKill ?? 'never', secondsToFullSuccessAfterJoin ?? 'never', secondsToWholeRingAfterKill ?? 'never', secondsToWholeRingAfterJoin ?? 'never', secondsToAllReady ?? 'never'],
      ['Zhao et al. 2004 (Tapestry)', 830, 166, '50 %', '< 60', '< 60', '-', '-', '-'],
    ],
  };
}

function accounts(lookups: number, results: MassacreResults): Table {
  const { lost, incorrect, keysAudited, keysWithoutOwner, successAfterKill, successAfterJoin } = results;
  return {
    columns: ['lookups', 'lost', 'incorrect', 'worst second after kill', 'after join', 'keys audited', 'without owner'],
    rows: [[2 * WATCHED_ROUNDS * lookups + keysAudited, lost, incorrect, Math.min(...successAfterKill), Math.min(...successAfterJoin), keysAudited, keysWithoutOwner]],
  };
}

function plot({ successAfterKill, successAfterJoin }: MassacreResults): EChartsOption {
  const points = (shares: readonly number[]): readonly (readonly [number, number])[] => shares.map((share, second) => [second, share]);
  return curveChart({
    title: 'Lookups that reach their true root within 3 s',
    axis: 'seconds after',
    series: [
      { name: 'the kill', points: points(successAfterKill) },
      { name: 'the join', points: points(successAfterJoin) },
    ],
  });
}

function failuresOf(nodes: number, results: MassacreResults): readonly string[] {
  const found: string[] = [];
  if (results.joined < nodes) found.push(`only ${results.joined} of ${nodes} nodes became ready`);
  if (results.secondsToFullSuccessAfterKill === null) found.push(`lookups still failed ${WATCHED_ROUNDS} s after the kill`);
  if (results.secondsToFullSuccessAfterJoin === null) found.push(`lookups still failed ${WATCHED_ROUNDS} s after the join`);
  if (results.keysWithoutOwner > 0) found.push(`${results.keysWithoutOwner} keys had no owner`);
  if (results.lost > 0) found.push(`${results.lost} lookups were lost`);
  if (results.incorrect > 0) found.push(`${results.incorrect} lookups were delivered at a node that was not the root`);
  return found;
}
