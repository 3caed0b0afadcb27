import { ControlLinks, DataLinks, OverlayError, type DataLink, type LinkCredentials, type LinkPeer, type LinkTarget, type Reason, type SpokenVersions } from '@banyan/grpc';
import type { PeerIdentity } from '@banyan/identity';
import type { Id } from '@banyan/ids';
import type { LinkId, NodeHandle } from '@banyan/kbr';
import type { MulticastFrame } from '@banyan/multicast';
import type { overlay } from '@banyan/proto';
import type { Logger } from '@banyan/telemetry';
import { controlFrames, dataFrames, type ControlFrames, type ControlMessage, type DescriptorCheck, type PeerFault } from '@banyan/wire';
import { DataFrameBook } from './data-frame-book.ts';
import { controlTarget, dataTarget, handleOf, nodeOf } from './handles.ts';
import type { EmulatedNetwork } from './emulation/emulated-network.ts';
import type { HostMetrics } from './host-metrics.ts';
import type { HostInput } from './machine.ts';

/** What the side that faces the peers is made of. */
export interface PeerSideOptions {
  /** Which versions of the peer protocol are spoken. */
  readonly spoken?: SpokenVersions;
  readonly logger: Logger;
  readonly id: Id;
  readonly self: () => overlay.Node;
  readonly credentials: LinkCredentials;
  readonly isSigned: DescriptorCheck;
  readonly refusal: (peer: PeerIdentity) => OverlayError | undefined;
  readonly metrics: () => HostMetrics;
  /** Hands an input to the machine; false when the inbox is full. */
  readonly post: (input: HostInput) => boolean;
  /** Hands an input to the machine that must not be lost. */
  readonly postSurely: (input: HostInput) => void;
  /** As in `OverlayHostOptions`. */
  readonly unprotectedData?: boolean;
  /** Holds back what arrives, where the network is made to be larger than it is. */
  readonly emulated?: EmulatedNetwork;
}

/** The application that data links serve today. */
const STREAMING_APP = 'multicast';

/** Between the machine and its peers: effects become frames on links, frames become inputs. */
export class PeerSide {
  readonly #options: PeerSideOptions;
  readonly #frames: ControlFrames;
  readonly #book: DataFrameBook;
  readonly control: ControlLinks;
  readonly data: DataLinks;

  constructor(options: PeerSideOptions) {
    this.#options = options;
    this.#frames = controlFrames(options.isSigned);
    this.#book = new DataFrameBook(dataFrames(options.isSigned));
    const { id, self, credentials, refusal, spoken, unprotectedData } = options;
    const versions = spoken === undefined ? {} : { spoken };
    const faulted = (error: OverlayError): void => this.#faulted(error);
    this.control = new ControlLinks({
      id,
      self,
      credentials,
      refusal,
      ...versions,
      events: {
        frame: (peer, frame) => this.#controlFrame(peer, frame),
        opened: () => undefined,
        closed: (peer, error) => this.#closed(peer, error),
        unreachable: (target) => this.#suspect(nodeOf(target)),
        faulted,
        dropped: (reason, count) => options.metrics().dropped(reason, count),
      },
    });
    this.data = new DataLinks({
      id,
      self,
      credentials,
      refusal,
      ...versions,
      unprotected: unprotectedData === true,
      events: {
        up: (link) => this.#up(link),
        down: (link) => this.#down(link),
        unreachable: (target) => this.#notReached(target),
        frame: (link, framed) => this.#dataFrame(link, framed),
        faulted,
      },
    });
  }

  /** Sends one message over the control link to a node. */
  send(to: NodeHandle, message: ControlMessage): void {
    const frame = this.#frames.encode(message);
    this.#options.metrics().message('out', frame.length);
    this.control.send(controlTarget(to), frame);
  }

  /** Asks a node for a data link. */
  dial(to: NodeHandle): void {
    this.data.dial(dataTarget(to), STREAMING_APP);
  }

  /** Writes one frame to every link: encoded once, the same buffer to each. */
  fanOut(links: readonly LinkId[], frame: MulticastFrame, left?: () => void): void {
    const framed = this.#book.bytesOf(frame);
    this.#options.metrics().frame('out', framed.length, links.length);
    this.data.fanOut(links, framed, left);
  }

  /** A peer broke the protocol in what it said: all its links go. */
  punish(peer: NodeHandle, fault: string): void {
    const error = new OverlayError('FRAME_MALFORMED', `the protocol was broken: ${fault}`, { fault });
    this.control.close(peer.id, error);
    this.data.close(peer.id, error);
  }

  /** A member was revoked: all its links go, and none comes back (`refusal`). */
  expel(id: Id): void {
    const error = new OverlayError('CERTIFICATE_REVOKED', `the certificate of ${id} was revoked`);
    this.control.close(id, error);
    this.data.close(id, error);
  }

  /** Closes every link and listener. */
  async stop(): Promise<void> {
    this.#options.emulated?.stop();
    await Promise.all([this.control.stop(), this.data.stop()]);
  }

  #controlFrame(peer: LinkPeer, frame: Uint8Array): OverlayError | undefined {
    const metrics = this.#options.metrics();
    metrics.message('in', frame.length);
    const decoded = this.#frames.decode(frame);
    if (!decoded.ok) return this.#judge(decoded.fault, decoded.detail);
    const from = handleOf(peer);
    const { value } = decoded;
    const input = value.type === 'ring' ? { type: 'message', from, message: value.message } : { type: 'direct', app: value.app, from, body: value.body };
    const arrive = (): void => {
      // The codec of each application has made the body what the application's type says.
      if (!this.#options.post(input as HostInput)) metrics.dropped('queue_full', 1);
    };
    const { emulated } = this.#options;
    if (emulated === undefined) arrive();
    else emulated.datagram(from.id, arrive);
    return undefined;
  }

  #dataFrame(link: DataLink, framed: Buffer): OverlayError | undefined {
    this.#options.metrics().frame('in', framed.length, 1);
    const decoded = this.#book.read(framed);
    if (!decoded.ok) return this.#judge(decoded.fault, decoded.detail);
    this.#inOrder({ type: 'frame', app: STREAMING_APP, from: handleOf(link.peer), link: link.link, frame: decoded.value });
    return undefined;
  }

  // A message of a newer version is passed over; everything else unreadable costs the link.
  #judge(fault: PeerFault, detail: string): OverlayError | undefined {
    if (fault === 'FRAME_UNKNOWN') {
      this.#options.metrics().dropped('unknown_message', 1);
      return undefined;
    }
    return new OverlayError(fault === 'DESCRIPTOR_INVALID' ? 'DESCRIPTOR_INVALID' : 'FRAME_MALFORMED', detail, { fault });
  }

  #up(link: DataLink): void {
    if (link.application !== STREAMING_APP) return this.data.hangUp(link.link);
    this.#inOrder({ type: 'linkUp', app: STREAMING_APP, peer: handleOf(link.peer), link: link.link, dialled: link.dialled });
  }

  // What a data link says stays in its order, also where it is held back.
  #inOrder(input: Extract<HostInput, { readonly type: 'frame' | 'linkUp' | 'linkDown' }>): void {
    const { emulated, postSurely } = this.#options;
    if (emulated === undefined) return postSurely(input);
    emulated.stream(input.type === 'frame' ? input.from.id : input.peer.id, () => postSurely(input));
  }

  #down(link: DataLink): void {
    this.#inOrder({ type: 'linkDown', app: STREAMING_APP, peer: handleOf(link.peer), link: link.link, dialled: link.dialled });
  }

  #notReached(target: LinkTarget): void {
    const peer = nodeOf(target);
    if (peer !== undefined) this.#options.postSurely({ type: 'linkDown', app: STREAMING_APP, peer, link: undefined, dialled: true });
  }

  // A lost connection is a hint that the peer may be gone; a link that was closed in order is none.
  #closed(peer: LinkPeer, error: OverlayError): void {
    if (HINTS_OF_DEATH.has(error.reason)) this.#suspect(handleOf(peer));
  }

  #suspect(peer: NodeHandle | undefined): void {
    if (peer !== undefined) this.#options.post({ type: 'suspect', peer });
  }

  #faulted(error: OverlayError): void {
    this.#options.metrics().overlay.peerFaults.add(1, { fault: FAULT_OF_REASON[error.reason] ?? 'other' });
    if (error.reason === 'VERSION_UNSUPPORTED') this.#options.logger.warn({ event: 'version_refused', reason: error.reason }, error.message);
  }
}

// To the ring a member without a good certificate is gone: nobody talks to it any more.
const HINTS_OF_DEATH: ReadonlySet<Reason> = new Set(['UNREACHABLE', 'CERTIFICATE_UNTRUSTED', 'CERTIFICATE_REVOKED']);

const FAULT_OF_REASON: Readonly<Partial<Record<Reason, string>>> = {
  FRAME_MALFORMED: 'frame_malformed',
  FRAME_TOO_LARGE: 'frame_too_large',
  DESCRIPTOR_INVALID: 'bad_signature',
  HANDSHAKE_INVALID: 'identity_mismatch',
  CERTIFICATE_INVALID: 'identity_mismatch',
  VERSION_UNSUPPORTED: 'version_unknown',
};
