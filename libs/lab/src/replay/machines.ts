import { createFullNode, FULL_NODE_KIND, type FullNodeParts, type RecordingHeader } from '@banyan/overlay';
import type { Machine } from '@banyan/sansio';

/** Builds the machine that a recording was made of, as its driver built it; undefined for a kind nobody knows. */
export function machineOf({ kind, seed, self, config }: RecordingHeader): Machine<unknown, unknown> | undefined {
  if (kind !== FULL_NODE_KIND) return undefined;
  const { node } = createFullNode({ self, seed, config: config as unknown as FullNodeParts['config'] });
  // What was recorded was an input of this machine; a recording is trusted as its own program's output.
  return node as unknown as Machine<unknown, unknown>;
}
