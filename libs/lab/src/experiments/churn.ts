import type { Millis } from '@banyan/sansio';
import { seededRng } from '@banyan/sansio';
import type { EChartsOption } from 'echarts';
import { readTrace } from '../availability-trace.ts';
import { LabFault } from '../cli/fault.ts';
import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import { curveChart } from '../report/plot.ts';
import type { Progress } from '../report/progress.ts';
import type { Table } from '../report/table.ts';
import { LATE_MS } from '../simulation/lookup-oracle.ts';
import { DRAIN_MS, measureChurn, type ChurnResults } from '../simulation/measure-churn.ts';
import { drawPopulation, type Population } from '../simulation/population.ts';
import { GNUTELLA_SESSIONS, KAD_SESSIONS, poissonSessions, type SessionModel } from '../simulation/session-model.ts';
import { makeTopology } from '../topology-choice.ts';
import { PUBLISHED_CHURN } from './published-churn.ts';
import { RING_OPTIONS, ringOf } from './ring-options.ts';

const HOUR_MS: Millis = 3_600_000;
const MINUTE_MS: Millis = 60_000;
const CHURN_PLACEHOLDER = 'gnutella|kad|poisson:MINUTES';

const OPTIONS = {
  churn: { kind: 'text', placeholder: CHURN_PLACEHOLDER, default: 'gnutella', describe: 'how long nodes stay; MINUTES is the mean session, its median is 0.693 of that (poisson:2.02 has a median of 1.4)' },
  nodes: { kind: 'whole', min: 2, max: 100_000, default: 300, describe: 'ring members on average' },
  hours: { kind: 'number', min: 0.01, max: 10_000, default: 1, describe: 'virtual hours of lookups; of a trace its first ones' },
  'warm-up': { kind: 'number', min: 0, max: 100_000, default: 10, describe: 'virtual minutes of churn before them' },
  'lookups-per-second-per-node': { kind: 'number', min: 0, max: 1_000, default: 0.01, describe: 'of random keys, at random instants' },
  loss: { kind: 'fraction', default: 0, describe: 'share of datagrams that are lost' },
  trace: { kind: 'file', describe: 'an availability trace (AVT) instead of --churn and --nodes' },
  'time-scale': { kind: 'number', min: 0.000_001, max: 1_000_000, default: 1, describe: 'a second of the trace lasts so many virtual seconds' },
  ...RING_OPTIONS,
  topology: { ...RING_OPTIONS.topology, default: 'transit-stub' },
} as const satisfies Options;

/** What becomes of lookups, and what it costs, while nodes come and crash all the time. Source: Castro, Costa, Rowstron 2004. */
export const churn: Experiment<typeof OPTIONS> = {
  name: 'churn',
  summary: 'lookups lost, incorrect and late, delay penalty and control traffic while nodes come and crash',
  options: OPTIONS,
  operands: [],
  run: runChurn,
};

function runChurn(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Outcome {
  const { nodes, hours, loss, seed, b, trace } = values;
  const ring = ringOf(values);
  if (trace !== undefined && values.churn !== OPTIONS.churn.default) throw new LabFault('--trace and --churn: both say who is there when', { usage: true });
  const timeScale = values['time-scale'];
  const warmUpMinutes = values['warm-up'];
  const lookupsPerSecondPerNode = values['lookups-per-second-per-node'];
  const warmUpMs = warmUpMinutes * MINUTE_MS;
  const measuredMs = hours * HOUR_MS;
  const population = trace === undefined ? drawn(values, warmUpMs + measuredMs + DRAIN_MS) : readTrace(trace, timeScale);
  const topology = makeTopology(values.topology, { hosts: population.hosts, seed });
  const results = measureChurn({ topology, population, warmUpMs, measuredMs, lookupsPerSecondPerNode, loss, ...ring }, progress);
  const who = trace === undefined ? { churn: values.churn, nodes } : { trace, timeScale };
  return {
    parameters: { ...who, hours, warmUpMinutes, lookupsPerSecondPerNode, loss, topology: values.topology, leafSet: ring.leafSet, b, seed },
    results: { ...results },
    tables: [comparison(trace ?? `${values.churn}, ${values.topology.replace(/:.*/, '')}${loss === 0 ? '' : `, ${loss * 100} % loss`}`, results), accounts(results), delays(results), traffic(results)],
    remarks: [
      'Lost: never delivered though no node died that had it in its care; with a node: it died with one. The papers count both as lost.',
      'A lookup for a key of a dead node waits until the leases of that node have run out; these few rule the ratio of sums.',
      'Control is all that was sent but lookups on their first way; leases, acknowledgements and retransmissions are in it. Bytes are those of all messages, encoded, and 40 each.',
    ],
    plot: plot(results),
    failures: failuresOf(results),
  };
}

function drawn({ churn: choice, nodes, seed }: Values<typeof OPTIONS>, forMs: Millis): Population {
  return drawPopulation({ model: sessionModel(choice), online: nodes, forMs, rng: seededRng(seed).fork() });
}

function sessionModel(choice: string): SessionModel {
  if (choice === 'gnutella') return GNUTELLA_SESSIONS;
  if (choice === 'kad') return KAD_SESSIONS;
  const minutes = /^poisson:(\d+\.?\d*|\.\d+)$/.exec(choice)?.[1];
  if (minutes === undefined || Number(minutes) <= 0) throw new LabFault(`--churn: '${choice}' is none of ${CHURN_PLACEHOLDER}`, { usage: true });
  return poissonSessions(Number(minutes));
}

function comparison(setting: string, results: ChurnResults): Table {
  const { lookups, lost, lostWithNode, incorrect, rdp, rdpNotLate, controlPerNodePerSecond, bytesPerNodePerSecond, activeNodes } = results;
  return {
    columns: ['', 'setting', 'active', 'lost', 'with a node', 'incorrect', 'RDP mean', 'median', 'ratio of sums', 'of those not late', 'control/node/s', 'B/node/s'],
    rows: [
      ['here', setting, activeNodes.mean, share(lost, lookups), share(lostWithNode, lookups), share(incorrect, lookups), rdp.mean, rdp.median, rdp.ratioOfSums, rdpNotLate.ratioOfSums, controlPerNodePerSecond, bytesPerNodePerSecond],
      ...PUBLISHED_CHURN.map((row) => [row.source, row.setting, '', row.lostShare ?? '-', '', row.incorrectShare ?? '-', row.rdp ?? '-', '-', '-', '-', row.control ?? '-', row.bytes ?? '-']),
    ],
  };
}

function accounts(results: ChurnResults): Table {
  const { answeredByTrueRootWithin10s, answers, arrivedAtTrueRootWithin10s, crashes, duplicate, duplicateAfterChange, incorrect, joins, late, lookups, lost, lostWithNode, lostWithSender } = results;
  return {
    columns: ['lookups', 'lost', 'with a node', 'its sender', 'incorrect', 'duplicate', 'by a new root', 'late', 'late, %', 'at the true root within 10 s, %', 'asked', 'answered by it within 10 s, %', 'joins', 'crashes'],
    rows: [[lookups, lost, lostWithNode, lostWithSender, incorrect, duplicate, duplicateAfterChange, late, (100 * late) / Math.max(1, lookups), 100 * arrivedAtTrueRootWithin10s, answers.asked - answers.senderDied, 100 * answeredByTrueRootWithin10s, joins, crashes]],
  };
}

function delays({ delayMs, hops }: ChurnResults): Table {
  return {
    columns: ['delay, ms: mean', 'p50', 'p90', 'p99', 'p99.9', 'max', 'hops mean', 'p99', 'most'],
    rows: [[delayMs.mean, delayMs.p50, delayMs.p90, delayMs.p99, delayMs.p999, delayMs.max, hops.mean, hops.p99, hops.max]],
  };
}

function traffic({ messagesByType, bytesByType }: ChurnResults): Table {
  const rows = Object.entries(messagesByType).sort(([, a], [, b]) => b - a);
  return { columns: ['message', 'a node and s', 'B a node and s'], rows: rows.map(([type, count]) => [type, count, bytesByType[type] ?? '-']) };
}

function plot({ delayMs, lookups }: ChurnResults): EChartsOption {
  return curveChart({
    title: `Delay of ${lookups.toLocaleString('en-US')} lookups under churn`,
    axis: 'ms, logarithmic',
    log: true,
    marks: [{ name: 'late', at: LATE_MS }],
    series: [{ name: 'share that arrived within', points: delayMs.distribution }],
  });
}

function failuresOf({ incorrect, complaints }: ChurnResults): readonly string[] {
  return incorrect === 0 ? [] : [`${incorrect} lookups were delivered at a node that was not the root`, ...complaints];
}

function share(count: number, of: number): string {
  return count === 0 ? '0' : (count / of).toExponential(1);
}
