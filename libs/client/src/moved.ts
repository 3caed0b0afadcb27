import { OverlayError } from '@banyan/grpc';
import type { multicast } from '@banyan/proto';
import type { NodePool } from './node-pool.ts';

/** The node at `address` leaves and told so: what it named is learned, and the stream goes on elsewhere at once, as after any loss but without a wait. */
export function movedAway(pool: NodePool, address: string, { addresses }: multicast.Moved): OverlayError {
  pool.learn(addresses);
  return new OverlayError('MOVED', `${address} leaves the ring`, {}, { retryAfterMs: 0 });
}
