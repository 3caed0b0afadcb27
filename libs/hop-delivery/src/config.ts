import type { Millis } from '@banyan/sansio';

/** How hop delivery waits and what it may hold. */
export interface HopDeliveryConfig {
  /** Attempts at one hop wait at most this long for an acknowledgement. */
  readonly ackTimeoutMaxMs: Millis;
  /** A message that no attempt could pass on for so long is dropped: `hop_gave_up`. */
  readonly giveUpMs: Millis;
  /** A message for a root that stays silent goes by way of another node after so long. */
  readonly detourMs: Millis;
  /** Messages passed on and not yet acknowledged; at the bound a new one is refused: `unacked_full`. */
  readonly unackedMax: number;
  /** Messages that wait for a root or for this node to become ready; at the bound a new one is refused: `parked_full`. */
  readonly parkedMax: number;
  /** How often parked messages are tried again without another reason. */
  readonly parkedRetryMs: Millis;
  /** A message parked for so long is dropped: `parked_too_long`. */
  readonly parkedForMs: Millis;
  /** How long, and how many, hops and delivered names are remembered against duplicates. */
  readonly seenForMs: Millis;
  readonly seenMax: number;
  /** After a stall of this length or more, messages are not taken for `staleForMs`: they have waited in its sockets. */
  readonly stallMs: Millis;
  readonly staleForMs: Millis;
  /** Delivered names told at most to the new root of their keys. */
  readonly handOverMax: number;
}

/**
 * Names are known for 180 s, so that a copy that one node parked and another tried to pass on until it gave up still meets
 * its own; parking outlives a lease of 30 s, which may be what it waits for.
 */
export const DEFAULT_HOP_DELIVERY_CONFIG: HopDeliveryConfig = {
  ackTimeoutMaxMs: 5_000,
  giveUpMs: 30_000,
  detourMs: 10_000,
  unackedMax: 8_192,
  parkedMax: 2_048,
  parkedRetryMs: 500,
  parkedForMs: 45_000,
  seenForMs: 180_000,
  seenMax: 65_536,
  stallMs: 5_000,
  staleForMs: 200,
  handOverMax: 512,
};
