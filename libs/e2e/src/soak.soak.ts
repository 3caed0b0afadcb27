// The long runs: 32 nodes for ten minutes at full rate, and half an hour in which a day's worth of nodes comes and goes while
// the memory and the handles of one that stays are watched. BANYAN_SOAK_SHARE=0.1 runs a tenth of each.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalOverlay } from '@banyan/local-overlay';
import { afterEach, expect, it } from 'vitest';
import { churnUnderLoad } from './testing/churn-under-load.ts';
import { SPOTLESS } from './testing/message-history.ts';
import { ProcessWatch } from './testing/process-watch.ts';
import { startTestOverlay } from './testing/test-overlay.ts';

const share = Number(process.env['BANYAN_SOAK_SHARE'] ?? 1);
const SEED = 7;
/** Of what it was after the warm-up. */
const FLAT = 0.05;
const folder = mkdtempSync(join(tmpdir(), 'banyan-soak-'));
let overlay: LocalOverlay | undefined;

afterEach(async () => {
  await overlay?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it(`32 nodes, 1,000 messages a second, a kill every ten seconds: nothing lost, doubled or reordered (seed ${SEED})`, async () => {
  const seconds = 600 * share;
  overlay = await startTestOverlay({ dataDir: join(folder, 'full'), nodes: 32 });
  const { shared, verdicts } = await churnUnderLoad(overlay, { seconds, kills: Math.ceil(seconds / 10), messagesPerSecond: 1_000, readers: 15, seed: SEED });
  expect({ shared, verdicts }).toEqual({ shared: 0, verdicts: Array.from({ length: 15 }, () => SPOTLESS) });
});

it(`half an hour of churn leaves heap and handles of a node as they were (seed ${SEED})`, async () => {
  const seconds = 1_800 * share;
  overlay = await startTestOverlay({ dataDir: join(folder, 'day'), nodes: 12 });
  const [watched] = overlay.nodes;
  const watch = new ProcessWatch(watched?.addresses['admin'] ?? '');
  const each = (): Promise<void> => watch.look();
  const { shared, verdicts } = await churnUnderLoad(overlay, { seconds, kills: Math.ceil(seconds / 15), messagesPerSecond: 200, readers: 8, seed: SEED, spared: [watched?.name ?? ''], each });
  expect({ shared, verdicts }).toEqual({ shared: 0, verdicts: Array.from({ length: 8 }, () => SPOTLESS) });
  // The second sixth of the run is warm; the last is to be like it.
  const { heapBytes, handles } = watch.growth();
  console.log(`heap ${(100 * heapBytes).toFixed(1)} %, handles ${(100 * handles).toFixed(1)} % of what they were`);
  expect(heapBytes).toBeLessThanOrEqual(1 + FLAT);
  expect(handles).toBeLessThanOrEqual(1 + FLAT);
});
