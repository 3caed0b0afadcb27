// A third of 24 nodes is killed at random, one by one, and new ones join, under 1,000 messages of 1 KiB a second into a reliable group.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { LocalOverlay } from '@banyan/local-overlay';
import { seededRng } from '@banyan/sansio';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LiveLoad } from './testing/live-load.ts';
import { SPOTLESS } from './testing/message-history.ts';
import { startTestOverlay } from './testing/test-overlay.ts';

const NODES = 24;
const KILLS = 8;
const SECONDS = 30;
const SEED = 20_240;
const folder = mkdtempSync(join(tmpdir(), 'banyan-churn-'));
let overlay: LocalOverlay;

beforeAll(async () => {
  overlay = await startTestOverlay({ dataDir: join(folder, 'data'), nodes: NODES });
});
afterAll(async () => {
  await overlay?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it(`gives every reader every message once and in order (seed ${SEED})`, async () => {
  const rng = seededRng(SEED);
  const [publisher = '', ...readers] = overlay.nodes.map((node) => node.name);
  await using load = await LiveLoad.start(overlay, { name: 'churn', publisher, readers: readers.slice(0, 15), messagesPerSecond: 1_000, group: { fanOutMax: 4 } });
  for (let kill = 0; kill < KILLS; kill++) {
    await pause((SECONDS * 1_000) / KILLS);
    const alive = overlay.nodes.filter(({ name }) => overlay.process(name).isRunning);
    await overlay.kill(alive[rng.below(alive.length)]?.name ?? '', 'SIGKILL');
    await overlay.addNode();
  }
  const { published, shared, verdicts } = await load.judge();
  expect(published).toBeGreaterThan(SECONDS * 500);
  expect({ shared, verdicts }).toEqual({ shared: 0, verdicts: Array.from({ length: 15 }, () => SPOTLESS) });
});
