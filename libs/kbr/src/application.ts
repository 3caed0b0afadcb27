import type { Id } from '@banyan/ids';
import type { Machine } from '@banyan/sansio';
import type { Envelope } from './envelope.ts';
import type { NodeHandle } from './handle.ts';

/** One data link between two nodes, numbered by the shell; a new dial gives a new number. */
export type LinkId = number;

/**
 * What a layer below tells an application.
 * `deliver`, `forward` and `leafSetChanged` are the common API's; the link upcalls serve applications that stream.
 * Source: Dabek, Zhao, Druschel, Kubiatowicz, Stoica, IPTPS 2003 (tier 0).
 */
export type Upcall<Body, Frame = never> =
  /** This node is the root of the envelope's key. */
  | { readonly type: 'deliver'; readonly envelope: Envelope<Body> }
  /** The envelope is about to leave for `nextHop`; `resume` lets it go, silence stops it here. Only if `intercepts`. */
  | { readonly type: 'forward'; readonly envelope: Envelope<Body>; readonly nextHop: NodeHandle }
  /** A message sent straight to this node over the control link; may be lost, repeated, reordered. */
  | { readonly type: 'direct'; readonly from: NodeHandle; readonly body: Body }
  /** The leaf set changed. `merged`: two rings became one, so key owners may have changed at a distance. */
  | { readonly type: 'leafSetChanged'; readonly gained: readonly NodeHandle[]; readonly lost: readonly NodeHandle[]; readonly merged: boolean }
  /** The node became ready (delivers keys), or stepped back. */
  | { readonly type: 'readyChanged'; readonly ready: boolean }
  /** Liveness believes this life of a peer is over (confirmed, not hearsay). */
  | { readonly type: 'peerDead'; readonly peer: NodeHandle }
  /** A data link is open: FIFO until `linkDown`. `dialled`: this node asked for it (it is the child). */
  | { readonly type: 'linkUp'; readonly peer: NodeHandle; readonly link: LinkId; readonly dialled: boolean }
  /** A data link is gone, or a dial failed; what was sent last on it may not have arrived. */
  | { readonly type: 'linkDown'; readonly peer: NodeHandle; readonly link: LinkId | undefined; readonly dialled: boolean }
  /** A frame arrived on a data link; `frame` was checked by the shell while decoding. */
  | { readonly type: 'frame'; readonly from: NodeHandle; readonly link: LinkId; readonly frame: Frame }
  | { readonly type: 'tick' };

/** What an application asks of the layers below. */
export type Downcall<Body, Frame = never> =
  /** `nearestOf`: k, when the message is for the nearest of the k nodes closest to the key, on its way to the root. */
  | { readonly type: 'route'; readonly key: Id; readonly body: Body; readonly trace?: string; readonly explain?: boolean; readonly nearestOf?: number }
  /**
   * Lets a forwarded envelope go on, perhaps with another body or towards another hop that makes progress. Without
   * `nextHop` routing chooses anew: for an envelope that was kept beyond the turn of its `forward`.
   */
  | { readonly type: 'resume'; readonly envelope: Envelope<Body>; readonly nextHop?: NodeHandle }
  | { readonly type: 'direct'; readonly to: NodeHandle; readonly body: Body }
  /** Opens a data link to a parent; answered by `linkUp` or `linkDown`. Without effect while one is open or opening. */
  | { readonly type: 'dial'; readonly to: NodeHandle }
  /** Closes an end after what was sent on it; the other side gets `linkDown`, this one is told nothing more of it. */
  | { readonly type: 'hangUp'; readonly link: LinkId }
  /** Writes one frame to every link; the shell encodes it once and writes the same buffer to each. */
  | { readonly type: 'fanOut'; readonly links: readonly LinkId[]; readonly frame: Frame }
  /** A hint, never proof: liveness should look at this peer now. */
  | { readonly type: 'suspect'; readonly peer: NodeHandle }
  /** The peer broke the protocol: counted by `fault`, its links closed. */
  | { readonly type: 'peerFault'; readonly peer: NodeHandle; readonly fault: string }
  /** Something was given up; counted by `reason`. */
  | { readonly type: 'drop'; readonly reason: string; readonly count: number };

/**
 * A protocol above routing. `command`s come from this node's own users, `event`s go to them.
 * Applications are written on this contract only, so they run over every geometry.
 */
export interface Application<Body, Command, Event, Frame = never>
  extends Machine<
    Upcall<Body, Frame> | { readonly type: 'command'; readonly command: Command },
    Downcall<Body, Frame> | { readonly type: 'event'; readonly event: Event }
  > {
  /** False: the overlay resumes every forward at once and the application never sees one. */
  readonly intercepts: boolean;
}
