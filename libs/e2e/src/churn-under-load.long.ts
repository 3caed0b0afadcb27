// A third of 24 nodes is killed at random, one by one, and new ones join, under 1,000 messages of 1 KiB a second into a reliable group.
import { expect, it } from 'vitest';
import { churnUnderLoad } from './testing/churn-under-load.ts';
import { SPOTLESS } from './testing/message-history.ts';
import { sharedOverlay } from './testing/test-overlay.ts';

const NODES = 24;
const LOAD = { seconds: 30, kills: 8, messagesPerSecond: 1_000, readers: 15, seed: 20_240 } as const;
const scene = sharedOverlay('churn', { nodes: NODES });

it(`gives every reader every message once and in order (seed ${LOAD.seed})`, async () => {
  const { published, shared, verdicts } = await churnUnderLoad(scene.overlay, LOAD);
  expect(published).toBeGreaterThan((LOAD.seconds * LOAD.messagesPerSecond) / 2);
  expect({ shared, verdicts }).toEqual({ shared: 0, verdicts: Array.from({ length: LOAD.readers }, () => SPOTLESS) });
});
