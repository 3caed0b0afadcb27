import { setTimeout as delay } from 'node:timers/promises';
import { readOverlayFile } from './overlay-file.ts';
import { isAlive, type ProcessIdentity } from './process-identity.ts';

const LOOK_EVERY_MS = 50;

/**
 * Waits for processes of an earlier launcher that was killed: they stop by themselves when they notice, and until then
 * hold their data directories. Whoever is still there after `graceMs` is killed.
 */
export async function awaitLeftovers(overlayFile: string, graceMs: number): Promise<void> {
  const file = await readOverlayFile(overlayFile).catch(() => undefined); // of another version, or broken: nothing to learn from
  if (file === undefined) return;
  const killAt = performance.now() + graceMs;
  // Without the start time a number may be somebody else's by now, and is left alone.
  let left: readonly ProcessIdentity[] = [...Object.values(file.services), ...file.nodes].filter((entry) => entry.startTicks !== undefined);
  for (;;) {
    left = left.filter(isAlive);
    if (left.length === 0) return;
    if (performance.now() > killAt) for (const { pid } of left) kill(pid);
    await delay(LOOK_EVERY_MS);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended in this moment.
  }
}
