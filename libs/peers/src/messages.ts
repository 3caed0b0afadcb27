import type { Id } from '@banyan/ids';
import type { Coordinate, NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';

/** What peers say to each other to learn who lives and how far away. */
export type PeerMessage =
  | { readonly type: 'ping'; readonly nonce: number; readonly at: Coordinate }
  /**
   * `ready`: the answering node is an active ring member, so it may stand in a table. `wants`: by where the asker says it
   * lies it would be worth a place in the answering node's tables, which asks to be told the distance.
   */
  | { readonly type: 'pong'; readonly nonce: number; readonly ready: boolean; readonly at: Coordinate; readonly wants: boolean }
  /** The sender has measured the receiver, which asked to be told: one probe serves both. */
  | { readonly type: 'distance'; readonly roundTripMs: Millis }
  /** Asks a third node to ping `target` for us before we believe it dead. */
  | { readonly type: 'pingRequest'; readonly nonce: number; readonly target: NodeHandle }
  /** The target answered the third node; silence means it did not. */
  | { readonly type: 'pingReport'; readonly nonce: number; readonly target: Id };

/** One life of a node that somebody found dead: hearsay that is checked, never acted upon. */
export interface FailedLife {
  readonly id: Id;
  readonly incarnation: number;
}
