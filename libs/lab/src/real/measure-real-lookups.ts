import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LatencyMap } from '@banyan/host/latency-map';
import type { Id } from '@banyan/ids';
import type { Progress } from '../report/progress.ts';
import type { LookupAnswered, LookupOrder } from './asked-lookups.ts';
import { latencyFileText } from './latency-file.ts';
import { RealRing } from './real-ring.ts';

/** Nobody waits longer for the last answers. */
const DEADLINE_MS = 20_000;

export interface RealLookupsSetup {
  readonly nodes: number;
  readonly map: LatencyMap;
  readonly leafSet: number;
  /** Between the last join and the first lookup. */
  readonly settleMs: number;
  readonly lookups: readonly LookupOrder[];
  readonly lookupsPerSecond: number;
}

/** Looks keys up in a ring of node processes whose links emulate the map; also tells the ids that the nodes drew. */
export async function measureRealLookups(setup: RealLookupsSetup, progress: Progress): Promise<{ readonly ids: readonly Id[]; readonly answers: readonly (LookupAnswered | undefined)[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-map-'));
  try {
    const file = join(folder, 'latency.txt');
    await writeFile(file, latencyFileText(setup.map));
    const settings = { emulateLatency: file, leafSetSize: setup.leafSet };
    await using ring = await RealRing.start({ nodes: setup.nodes, settings, progress });
    const { nodes } = ring;
    for (const { name } of nodes) await ring.openClient(name, () => undefined);
    await pause(setup.settleMs);
    const answers: Promise<LookupAnswered | undefined>[] = [];
    const startedAt = performance.now();
    for (const [number, { from, key }] of setup.lookups.entries()) {
      const waitMs = startedAt + (number * 1_000) / setup.lookupsPerSecond - performance.now();
      if (waitMs > 0) await pause(waitMs);
      const client = ring.client(nodes[from]?.name ?? '');
      if (client !== undefined) answers.push(client.overlay.lookup(key, { replicas: 1, deadlineMs: DEADLINE_MS }).catch(() => undefined));
      progress.show('real lookups', number, setup.lookups.length);
    }
    return { ids: nodes.map(({ id }) => id), answers: await Promise.all(answers) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
