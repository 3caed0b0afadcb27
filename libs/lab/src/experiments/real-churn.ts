import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import { LEASE_MS, type RealChurnResults } from '../real/churn-figures.ts';
import { measureSimulatedChurn } from '../real/measure-simulated-churn.ts';
import type { Progress } from '../report/progress.ts';

const P99_MS_MAX = 500;
const BEYOND_LEASE_MS_MAX = 5_000;

const OPTIONS = {
  nodes: { kind: 'whole', min: 4, max: 64, default: 32, describe: 'node processes, about 80 MB each' },
  seconds: { kind: 'whole', min: 1, max: 3_600, default: 180, describe: 'how long they are killed and started again' },
  'kill-every': { kind: 'whole', min: 100, max: 600_000, default: 2_000, describe: 'ms between two kills' },
  'lookup-every': { kind: 'whole', min: 1, max: 60_000, default: 10, describe: 'ms between two lookups' },
  simulated: { kind: 'switch', describe: 'the same nodes in virtual time instead: what is late then is the protocol, not the machine' },
  seed: { kind: 'whole', min: 0, max: 4_294_967_295, default: 1, describe: 'decides who is killed, who asks, and for what' },
} as const satisfies Options;

/** Real processes, killed and started again while keys are looked up through those that live. */
export const realChurn: Experiment<typeof OPTIONS> = {
  name: 'real-churn',
  summary: 'real node processes are killed and started again; who answers lookups meanwhile, and how late',
  options: OPTIONS,
  operands: [],
  run: runRealChurn,
};

async function runRealChurn(values: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Promise<Outcome> {
  const { nodes, seconds, seed, 'kill-every': killEveryMs, 'lookup-every': lookupEveryMs } = values;
  const setup = { nodes, seconds, killEveryMs, lookupEveryMs, seed };
  const results = values.simulated ? measureSimulatedChurn(setup, progress) : await (await import('../real/measure-real-churn.ts')).measureRealChurn(setup, progress);
  const { settled, changing } = results;
  return {
    parameters: { ...setup, leaseMs: LEASE_MS, simulated: values.simulated },
    results: { ...results },
    tables: [
      { columns: ['nodes', 'ready, mean', 'ready, least', 'kills', 'held back', 'lookups', 'asker gone'], rows: [[nodes, results.readyNodes.mean, results.readyNodes.min, results.kills, results.killsHeldBack, results.lookups, results.askerGone]] },
      {
        columns: ['keys whose root', 'lookups', 'by the root', 'by another', 'lost', 'p50 ms', 'p99 ms', 'max ms'],
        rows: [
          ['lives', settled.lookups, settled.answeredByRoot, settled.other, settled.lost, settled.p50Ms, settled.p99Ms, settled.maxMs],
          ['came or went', changing.lookups, changing.lookups - changing.stranger - changing.lost, changing.stranger, changing.lost, changing.p50Ms, changing.p99Ms, changing.maxMs],
        ],
      },
    ],
    remarks: [
      'A root lives when it was ready from the asking to the answer, and nobody nearer to the key was within a lease before. Where a root came or went, "by the root" means by one who may have been it.',
      `Nobody may deliver the keys of a dead node before its leases have run out (${LEASE_MS / 1_000} s). Lookups through a node that died meanwhile are not counted.`,
    ],
    failures: failuresOf(results),
  };
}

function failuresOf({ settled, changing }: RealChurnResults): readonly string[] {
  const found: string[] = [];
  if (settled.lookups === 0) found.push('no key with a living root was looked up');
  const latestMs = Math.max(settled.maxMs, changing.maxMs);
  if (settled.other > 0) found.push(`${settled.other} lookups were answered by another than the living root`);
  if (settled.lost > 0) found.push(`${settled.lost} lookups of keys with a living root were not answered`);
  if (changing.stranger > 0) found.push(`${changing.stranger} lookups were answered by a node that was surely not the root`);
  if (changing.lost > 0) found.push(`${changing.lost} lookups of keys whose root came or went were not answered`);
  if (settled.p99Ms > P99_MS_MAX) found.push(`the slowest hundredth of lookups with a living root took over ${settled.p99Ms} ms, ${P99_MS_MAX} ms is the most`);
  if (latestMs > LEASE_MS + BEYOND_LEASE_MS_MAX) found.push(`a lookup took ${latestMs} ms, a lease and ${BEYOND_LEASE_MS_MAX / 1_000} s is the most`);
  return found;
}
