import type { Id } from '@banyan/ids';
import type { OverlayError } from '../overlay-error.ts';
import type { ExchangeStream } from './exchange-stream.ts';
import type { LinkPeer } from './handshake.ts';
import { Outbox, type OutboxLimits } from './outbox.ts';

/**
 * The control link to one peer: what waits to be sent, and the one stream that carries it. The stream may change while
 * the link lives (both sides dialled, the peer dialled again); what waits goes over to the new one.
 */
export class ControlLink {
  readonly id: Id;
  /** The newest life of the peer that the link is known to be for. */
  incarnation: number;
  /** Grows with each use of any link; the smallest is the least recently used. */
  lastUse = 0;
  /** The stream that this side has dialled or uses; the peer has not necessarily answered yet. */
  stream: ExchangeStream | undefined;
  /** Set once both have shaken hands. */
  peer: LinkPeer | undefined;
  /** True when this side dialled the stream. */
  isDialled = false;
  /** When the stream was begun, on the links' clock. */
  since = 0;
  readonly #outbox: Outbox;
  #isWritable = false;

  constructor(id: Id, incarnation: number, limits: OutboxLimits) {
    this.id = id;
    this.incarnation = incarnation;
    this.#outbox = new Outbox(limits);
  }

  /** Sends a frame, or keeps it for later; false when it had to be dropped. */
  send(frame: Buffer): boolean {
    if (!this.#isWritable || this.stream === undefined) return this.#outbox.push(frame);
    this.#isWritable = this.stream.write(frame);
    return true;
  }

  /** The peer has answered: what waits goes out. */
  open(peer: LinkPeer): void {
    this.peer = peer;
    this.incarnation = Math.max(this.incarnation, peer.incarnation);
    this.drain();
  }

  /** The stream wants more. */
  drain(): void {
    const { stream } = this;
    if (stream === undefined || this.peer === undefined) return;
    this.#isWritable = this.#outbox.drainTo((frame) => stream.write(frame));
  }

  /** Writes out all that waits, whatever the stream says: for the moment before a clean end. */
  flush(): void {
    const { stream } = this;
    if (stream === undefined || this.peer === undefined) return;
    this.#outbox.drainTo((frame) => {
      stream.write(frame);
      return true;
    });
  }

  /** Gives up the stream and keeps what waits; the stream's end is no longer this link's. */
  release(error?: OverlayError): void {
    const { stream } = this;
    this.stream = undefined;
    this.peer = undefined;
    this.#isWritable = false;
    stream?.end(error);
  }

  /** Forgets what waits; how many frames are lost. */
  clear(): number {
    return this.#outbox.clear();
  }
}
