import type { Envelope, HopId } from '@banyan/kbr';

/** What hop delivery puts on the wire, whatever the geometry. */
export type HopMessage =
  /** One routed message on one hop; a retransmission to the same peer repeats `hopId`. */
  | { readonly type: 'envelope'; readonly hopId: HopId; readonly envelope: Envelope }
  /** The receiver has taken the message into its care. */
  | { readonly type: 'hopAck'; readonly hopId: HopId };
