import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import type { NodeContext } from './context.ts';

/** Visits of the sweep within which a neighbor that it does not visit is to be heard otherwise. */
const UNHEARD_SWEEPS = 2;

/**
 * True for a peer that routes go around where they can: it is open whether it lives, or it is out of our reach. Of nodes that
 * stand in the neighborhood set only, or are backups, nobody asks whether they live, so one that was not heard for long is in doubt
 * as well; not one that was never heard, which came with filled tables.
 */
export function isInDoubt({ pace, peers, tables }: NodeContext, now: Millis, peer: NodeHandle): boolean {
  if (peers.isDoubtful(now, peer)) return true;
  if (tables.table.has(peer.id) || tables.leafSet.has(peer.id)) return false;
  const heardAt = peers.heardAt(peer.id);
  return heardAt !== undefined && now - heardAt > UNHEARD_SWEEPS * pace.sweepMs(now);
}
