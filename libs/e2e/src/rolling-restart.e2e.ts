// An upgrade, node by node: nothing is lost, and no client is cut off without having been told where to go on.
import { expect, it } from 'vitest';
import { rollingRestart, untold } from './testing/rolling-restart.ts';
import { sharedOverlay } from './testing/test-overlay.ts';

const NODES = 8;
const LOAD = { messagesPerS: 300, quietMs: 2_000 } as const;
/** More than a drain needs; what would need it all is lost, and seen. */
const STOP_GRACE_MS = 15_000;
const scene = sharedOverlay('rolling', { nodes: NODES, stopGraceMs: STOP_GRACE_MS });

it(`restarts ${NODES} nodes one by one under ${LOAD.messagesPerS} messages/s: nothing is lost, nobody is cut off without being told`, async () => {
  const { sent, receipted, subscribers, publisherReconnects } = await rollingRestart(scene.overlay, LOAD);
  expect(receipted).toBe(sent);
  for (const [at, { inOrder, wrong, reconnects }] of subscribers.entries()) {
    expect({ wrong, inOrder, untold: untold(reconnects) }, `subscriber ${at + 1}`).toEqual({ wrong: [], inOrder: sent, untold: [] });
    expect(reconnects.length).toBeGreaterThan(0);
  }
  expect(untold(publisherReconnects)).toEqual([]);
});
