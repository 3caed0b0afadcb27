// How long a node's failure is felt: real processes, one of which is killed, stopped for good, or cut off from all others.
import { LocalNetwork } from '@banyan/local-overlay';
import { HEADER_BYTES } from '../load/message.ts';
import { startOverlay } from '../processes/overlay-under-test.ts';
import { cpuSecondsOf, memoryOf } from '../processes/process-cost.ts';
import type { FailureKind } from '../recovery/failure.ts';
import { Trials, type Trial } from '../recovery/trials.ts';
import type { Role } from '../recovery/whole-tree.ts';
import { percentile } from '../report/percentile.ts';
import type { Outcome, Suite, Values } from '../suite.ts';

/** The longest that readers may wait, ms. */
const GOAL_MS: Readonly<Record<Role, number>> = { interior: 2_000, root: 3_000 };

const options = {
  nodes: { kind: 'number', describe: 'node processes, a reader at each', default: 16, min: 6 },
  trials: { kind: 'number', describe: 'failures of each kind in each role', default: 20, min: 1 },
  rate: { kind: 'number', describe: 'messages a second', default: 200, min: 1 },
  size: { kind: 'number', describe: 'bytes of a message', default: 1_024, min: HEADER_BYTES },
  kinds: { kind: 'list', describe: 'how nodes fail; dropped packets need root', default: ['sigkill', 'sigstop', 'dropped'], choices: ['sigkill', 'sigstop', 'dropped'] },
  roles: { kind: 'list', describe: 'which nodes fail', default: ['interior', 'root'], choices: ['interior', 'root'] },
  seed: { kind: 'number', describe: 'what the filling of the messages follows from', default: 1, min: 0 },
} as const;

/** One kind of failure in one role. */
interface RecoveryRow {
  readonly kind: FailureKind;
  readonly role: Role;
  readonly trials: number;
  readonly worstMs: number;
  readonly medianMs: number;
  readonly lost: number;
}

/** `bench recovery`. */
export const recovery: Suite<typeof options> = {
  name: 'recovery',
  summary: 'how long readers wait when a node fails: from the signal to the first new message at the last of them',
  options,
  async run(values, say) {
    const interrupt = new AbortController();
    const onSignal = (signal: NodeJS.Signals): void => interrupt.abort(new Error(`interrupted by ${signal}`));
    process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
    try {
      return await measure(values, say, interrupt.signal);
    } finally {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    }
  },
};

async function measure(values: Values<typeof options>, say: (progress: string) => void, signal: AbortSignal): Promise<Outcome> {
  await using network = values.kinds.includes('dropped') ? await LocalNetwork.create() : undefined;
  say(`starting an overlay of ${values.nodes} nodes`);
  await using overlay = await startOverlay({ nodes: values.nodes, signal, stopGraceMs: 1_000, ...(network === undefined ? {} : { network }) });
  await using trials = await Trials.start({ overlay, network, rate: values.rate, size: values.size, seed: values.seed, signal });
  const rows: RecoveryRow[] = [];
  const failures: string[] = [];
  for (const role of values.roles as readonly Role[]) {
    for (const kind of values.kinds as readonly FailureKind[]) {
      const done: Trial[] = [];
      while (done.length < values.trials) {
        const trial = await trials.run(kind, role);
        done.push(trial);
        say(`${kind}, ${role}, ${done.length} of ${values.trials}: ${trial.recoveryMs === undefined ? 'never' : `${Math.round(trial.recoveryMs)} ms`}, lost ${trial.lost}`);
      }
      const row = rowOf(kind, role, done);
      rows.push(row);
      failures.push(...failuresOf(row));
    }
  }
  const pids = [process.pid, ...overlay.local.nodes.map(({ pid }) => pid)];
  return {
    results: { rows },
    columns: ['kind', 'role', 'trials', 'worst ms', 'median ms', 'lost'],
    rows: rows.map((row) => [row.kind, row.role, row.trials, row.worstMs, row.medianMs, row.lost]),
    remarks: ['From the signal to the first message published after it, at the last reader of a living node.', `Goals: interior ${GOAL_MS.interior} ms, root ${GOAL_MS.root} ms, nothing lost.`],
    failures,
    cpuSeconds: pids.reduce((total, pid) => total + cpuSecondsOf(pid), 0),
    peakRssBytes: Math.max(...pids.map((pid) => memoryOf(pid).peakRssBytes)),
  };
}

function rowOf(kind: FailureKind, role: Role, trials: readonly Trial[]): RecoveryRow {
  const sorted = trials.map(({ recoveryMs }) => recoveryMs ?? Infinity).sort((a, b) => a - b);
  return { kind, role, trials: trials.length, worstMs: Math.round(sorted.at(-1) ?? 0), medianMs: Math.round(percentile(sorted, 0.5)), lost: trials.reduce((total, { lost }) => total + lost, 0) };
}

function failuresOf({ kind, role, worstMs, lost }: RecoveryRow): readonly string[] {
  const late = worstMs > GOAL_MS[role] ? [`${kind}, ${role}: ${worstMs} ms at worst, the goal is ${GOAL_MS[role]} ms`] : [];
  return lost > 0 ? [...late, `${kind}, ${role}: ${lost} messages lost`] : late;
}
