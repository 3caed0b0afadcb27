import { startOverlay, type LaunchOptions, type LocalOverlay } from '@banyan/local-overlay';

// Nodes that all stop at once have nobody to hand their groups to, and would look for one as long as they may.
const STOP_GRACE_MS = 1_000;

/** The overlay of a test: real processes, which at its end are not given time for what nobody looks at any more. */
export function startTestOverlay(options: LaunchOptions): Promise<LocalOverlay> {
  return startOverlay({ stopGraceMs: STOP_GRACE_MS, ...options });
}
