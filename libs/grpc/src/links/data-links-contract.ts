import type { Id } from '@banyan/ids';
import type { PeerIdentity } from '@banyan/identity';
import type { overlay } from '@banyan/proto';
import type { OverlayError } from '../overlay-error.ts';
import type { LinkCredentials } from './control-links.ts';
import type { LinkPeer, LinkTarget, SpokenVersions } from './handshake.ts';

/** One data link of this node; a new dial gives a new number, so a number means one incarnation of a link. */
export type DataLinkId = number;

/** What a data link is, seen from here. */
export interface DataLink {
  readonly link: DataLinkId;
  readonly peer: LinkPeer;
  /** The application it serves. */
  readonly application: string;
  /** True at the child: it asked, and it only receives. */
  readonly dialled: boolean;
}

/** What the owner of data links is told. */
export interface DataLinksEvents {
  up(link: DataLink): void;
  /** A link is gone without this node's hanging up; what was sent last on it may not have arrived. */
  down(link: DataLink, error: OverlayError): void;
  /** A dial failed. */
  unreachable(target: LinkTarget, application: string, error: OverlayError): void;
  /**
   * A message came, prefix included, in a buffer of its own. What it returns is the peer's fault: the link is closed
   * with it and `down` follows.
   */
  frame(link: DataLink, framed: Buffer): OverlayError | undefined;
  /** A peer broke the protocol. */
  faulted(error: OverlayError): void;
}

/** What data links are made of; everything with a default may be left out. */
export interface DataLinksOptions {
  readonly id: Id;
  /** This node as its handshake tells it. */
  readonly self: () => overlay.Node;
  readonly credentials: LinkCredentials;
  readonly events: DataLinksEvents;
  /** Refuses a peer whose certificate is good (a revoked one); undefined admits it. */
  readonly refusal?: (identity: PeerIdentity) => OverlayError | undefined;
  /** Which versions it speaks; those of this code when left out. */
  readonly spoken?: SpokenVersions;
  /** Links at once, either way. */
  readonly linksMax?: number;
  /** Bytes that may wait on one link. */
  readonly queueBytesMax?: number;
  /** ms without a byte after which a link is closed. */
  readonly idleMs?: number;
  /** ms within which a dial or a handshake must be through. */
  readonly greetingTimeoutMs?: number;
  /**
   * Links without TLS, where everybody is whom he says he is: only to measure what TLS costs. No configuration of a node
   * leads here. Both ends must have it.
   */
  readonly unprotected?: boolean;
}
