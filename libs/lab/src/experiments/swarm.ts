import type { Options, Values } from '../cli/options.ts';
import type { Experiment, Outcome } from '../experiment.ts';
import type { Progress } from '../report/progress.ts';
import { runSwarm, type SwarmReport } from '../simulation/swarm-run.ts';
import { rounded } from '../statistics.ts';

const OPTIONS = {
  seeds: { kind: 'whole', min: 1, max: 100_000, default: 10, describe: 'how many seeds, one after the other' },
  seed: { kind: 'whole', min: 0, max: 4_294_967_295, default: 1, describe: 'the first of them' },
  nodes: { kind: 'whole', min: 10, max: 10_000, default: 200, describe: 'ring members' },
  traced: { kind: 'switch', describe: 'give a digest of every effect of each seed' },
} as const satisfies Options;

/** Random faults against everything that is promised, seed by seed. */
export const swarm: Experiment<typeof OPTIONS> = {
  name: 'swarm',
  summary: 'loss, delay, crash and restart against every promise, seed by seed; any broken one fails',
  options: OPTIONS,
  operands: [],
  run: runSeeds,
};

function runSeeds({ seeds, seed, nodes, traced }: Values<typeof OPTIONS>, _operands: readonly string[], progress: Progress): Outcome {
  const reports: SwarmReport[] = [];
  for (let i = 0; i < seeds; i++) {
    progress.show('seeds', i, seeds);
    reports.push(runSwarm({ seed: seed + i, nodes, traced }));
  }
  return {
    parameters: { seeds, seed, nodes, traced },
    results: { seeds: reports.map(asJson) },
    tables: [
      {
        columns: ['seed', 'crashes', 'lookups', 'lost', 'with a node', 'incorrect', 'duplicate', 'by a new root', 'late', 'receipted', 'delivered', 'virtual s', 'digest'],
        rows: reports.map(({ seed: number, crashes, lookups, receipted, delivered, virtualSeconds, digest }) => [
          number,
          crashes,
          lookups.lookups,
          lookups.lost,
          lookups.lostWithNode,
          lookups.incorrect,
          lookups.duplicate,
          lookups.duplicateAfterChange,
          lookups.late,
          receipted,
          delivered,
          rounded(virtualSeconds, 0),
          digest ?? '-',
        ]),
      },
    ],
    remarks: [`Given up, by reason: ${describeDrops(reports)}`],
    failures: reports.flatMap(({ seed: number, violations }) =>
      violations.length === 0 ? [] : [`seed ${number}: again with npm run lab -- swarm --seeds 1 --seed ${number} --nodes ${nodes}`, ...violations.map((violation) => `  ${violation}`)],
    ),
  };
}

function describeDrops(reports: readonly SwarmReport[]): string {
  const totals = new Map<string, number>();
  for (const { drops } of reports) for (const [reason, count] of Object.entries(drops)) totals.set(reason, (totals.get(reason) ?? 0) + count);
  if (totals.size === 0) return 'nothing';
  return [...totals].sort(([, a], [, b]) => b - a).map(([reason, count]) => `${reason} ${count}`).join(', ');
}

function asJson({ seed, lookups, receipted, delivered, crashes, drops, virtualSeconds, events, digest, violations }: SwarmReport): { readonly [key: string]: Outcome['results'] } {
  return { seed, lookups, receipted, delivered, crashes, drops, virtualSeconds: rounded(virtualSeconds, 1), events, digest: digest ?? null, violations };
}
