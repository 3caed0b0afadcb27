// A forwarder, a voter and the root stand still for five seconds each, and the root for twenty, under a steady stream into a reliable group.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { LiveLoad } from './testing/live-load.ts';
import { forwarderOf, rootOf, voterOf } from './testing/live-tree.ts';
import { SPOTLESS } from './testing/message-history.ts';
import { sharedOverlay } from './testing/test-overlay.ts';

const NODES = 10;
/** Messages that everybody has to get before the next one stands still. */
const SOME = 300;
const PAUSES = [
  { who: forwarderOf, forMs: 5_000 },
  { who: voterOf, forMs: 5_000 },
  { who: rootOf, forMs: 5_000 },
  { who: rootOf, forMs: 20_000 },
] as const;
const scene = sharedOverlay('pauses', { nodes: NODES });

it('gives no sequence twice, and loses, doubles and reorders nothing', async () => {
  const [publisher = '', ...readers] = scene.overlay.nodes.map((node) => node.name);
  await using load = await LiveLoad.start(scene.overlay, { name: 'pauses', publisher, readers, messagesPerSecond: 200, group: { fanOutMax: 3 } });
  for (const { who, forMs } of PAUSES) {
    const name = await who(scene.overlay, load.tree);
    await scene.overlay.kill(name, 'SIGSTOP');
    await pause(forMs);
    await scene.overlay.kill(name, 'SIGCONT');
    await load.goesOn(SOME);
  }
  const { published, shared, verdicts } = await load.judge();
  expect(published).toBeGreaterThan(SOME);
  expect({ shared, verdicts }).toEqual({ shared: 0, verdicts: Array.from({ length: NODES - 1 }, () => SPOTLESS) });
});
