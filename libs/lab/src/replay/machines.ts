import { createOverlayNode, type RecordingHeader } from '@banyan/overlay';
import type { PastryConfig } from '@banyan/pastry';
import { seededRng, type Machine } from '@banyan/sansio';

/** Builds the machine that a recording was made of, as its driver built it; undefined for a kind nobody knows. */
export function machineOf({ kind, seed, self, config }: RecordingHeader): Machine<unknown, unknown> | undefined {
  if (kind !== 'overlay-node') return undefined;
  const { pastry } = config as unknown as OverlayNodeConfig;
  const node = createOverlayNode({ self, rng: seededRng(seed), config: pastry, applications: () => ({}) });
  // What was recorded was an input of this machine; a recording is trusted as its own program's output.
  return node as unknown as Machine<unknown, unknown>;
}

/** The `config` of a recording of kind `overlay-node`. */
interface OverlayNodeConfig {
  readonly pastry: PastryConfig;
}
