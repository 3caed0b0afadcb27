// The same upgrade of a larger overlay under more load, and how long messages take meanwhile, which is told and not judged.
import { expect, it } from 'vitest';
import { rollingRestart, untold } from './testing/rolling-restart.ts';
import { sharedOverlay } from './testing/test-overlay.ts';

const NODES = 24;
const LOAD = { messagesPerS: 1_000, quietMs: 20_000 } as const;
const STOP_GRACE_MS = 15_000;
const scene = sharedOverlay('rolling-long', { nodes: NODES, stopGraceMs: STOP_GRACE_MS });

it(`restarts ${NODES} nodes one by one under ${LOAD.messagesPerS} messages/s: nothing is lost, nobody is cut off`, async () => {
  const startedAt = performance.now();
  const { sent, receipted, subscribers, publisherReconnects, p99Ms } = await rollingRestart(scene.overlay, LOAD);
  const ratio = p99Ms.during / p99Ms.before; // for people: a node that starts takes one of few cores for a second
  console.log(`${sent} messages in ${Math.round((performance.now() - startedAt) / 1_000)} s, ${subscribers.length} subscribers; p99 ${p99Ms.before} ms before, ${p99Ms.during} ms during: ${ratio.toFixed(1)} times`);
  expect(receipted).toBe(sent);
  for (const [at, { inOrder, wrong, reconnects }] of subscribers.entries()) {
    expect({ wrong, inOrder, untold: untold(reconnects) }, `subscriber ${at + 1}`).toEqual({ wrong: [], inOrder: sent, untold: [] });
  }
  expect(untold(publisherReconnects)).toEqual([]);
});
