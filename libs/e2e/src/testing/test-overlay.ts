import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOverlay, type LaunchOptions, type LocalOverlay } from '@banyan/local-overlay';
import { afterAll, beforeAll } from 'vitest';

// Nodes that all stop at once have nobody to hand their groups to, and would look for one as long as they may.
const STOP_GRACE_MS = 1_000;

/** The overlay of a test: real processes, which at its end are not given time for what nobody looks at any more. */
export function startTestOverlay(options: LaunchOptions): Promise<LocalOverlay> {
  return startOverlay({ stopGraceMs: STOP_GRACE_MS, ...options });
}

/** What the tests of one file share. */
export interface Scene {
  /** Runs from the first test to the last. */
  readonly overlay: LocalOverlay;
  /** Gone after the last test; the overlay's data lie in it. */
  readonly folder: string;
}

/** One overlay for all tests of a file. What a file closes in `afterAll` of its own is closed before the overlay. */
export function sharedOverlay(name: string, options: Omit<LaunchOptions, 'dataDir'>): Scene {
  const folder = mkdtempSync(join(tmpdir(), `banyan-${name}-`));
  let running: LocalOverlay | undefined;
  beforeAll(async () => {
    running = await startTestOverlay({ dataDir: join(folder, 'data'), ...options });
  });
  afterAll(async () => {
    await running?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    get overlay() {
      if (running === undefined) throw new Error('the overlay has not begun yet');
      return running;
    },
  };
}
