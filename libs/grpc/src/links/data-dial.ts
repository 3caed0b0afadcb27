import { connect, constants, type IncomingHttpHeaders } from 'node:http2';
import type { PeerCertificate, SecureContext } from 'node:tls';
import { peerFromCertificate, type PeerIdentity } from '@banyan/identity';
import type { overlay } from '@banyan/proto';
import { OverlayError } from '../overlay-error.ts';
import { CONNECTION_WINDOW_BYTES, DATA_FRAME_BYTES_MAX, DATA_SESSION, errorIn, REQUEST_HEADERS } from './data-wire.ts';
import { framed, FrameReader, unframed, type FramingFault } from './framing.ts';
import { acceptHandshake, claimedIdentity, decodeDataHandshake, encodeDataRequest, type LinkPeer, type LinkTarget, type SpokenVersions } from './handshake.ts';

/** What a child dials with. */
export interface DataDial {
  readonly target: LinkTarget;
  readonly application: string;
  readonly self: overlay.Node;
  readonly context: SecureContext;
  readonly refusal: ((identity: PeerIdentity) => OverlayError | undefined) | undefined;
  readonly timeoutMs: number;
  /** As in `DataLinksOptions`. */
  readonly unprotected: boolean;
  readonly spoken: SpokenVersions;
}

/** What happens on a dial. Nothing comes after `ended`, which comes once. */
export interface DataDialListener {
  opened(peer: LinkPeer): void;
  /** A message in a buffer of its own, prefix included; a returned fault ends the link. */
  frame(framed: Buffer): OverlayError | undefined;
  /** `faulted`: the parent broke the protocol. */
  ended(error: OverlayError, faulted: boolean): void;
}

/** The child's end of a data link. */
export interface DataReceiver {
  /** Leaves; `ended` does not come any more. */
  hangUp(): void;
  /** Stops reading, so that the parent's window fills; nothing is lost. */
  pause(): void;
  resume(): void;
}

/** Dials a parent's data port over a connection of its own and reads what it sends. */
export function dialData(dial: DataDial, listener: DataDialListener): DataReceiver {
  return new Dialled(dial, listener);
}

class Dialled implements DataReceiver {
  readonly #dial: DataDial;
  readonly #listener: DataDialListener;
  readonly #session: ReturnType<typeof connect>;
  readonly #stream: ReturnType<ReturnType<typeof connect>['request']>;
  readonly #greeting: NodeJS.Timeout;
  readonly #reader = new FrameReader(DATA_FRAME_BYTES_MAX, (frame) => this.#take(frame));
  #met: PeerIdentity | undefined;
  #peer: LinkPeer | undefined;
  #error: OverlayError | undefined;
  #hasEnded = false;

  constructor(dial: DataDial, listener: DataDialListener) {
    this.#dial = dial;
    this.#listener = listener;
    const checkServerIdentity = (_host: string, certificate: PeerCertificate): Error | undefined => this.#check(certificate);
    const { address } = dial.target;
    this.#session = dial.unprotected ? connect(`http://${address}`, DATA_SESSION) : connect(`https://${address}`, { ...DATA_SESSION, secureContext: dial.context, checkServerIdentity });
    this.#session.on('error', (error) => this.#end(this.#refused(error)));
    this.#session.once('connect', () => this.#widen());
    this.#stream = this.#session.request(REQUEST_HEADERS, { endStream: false });
    this.#stream.on('response', (headers) => this.#respond(headers));
    this.#stream.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#stream.on('trailers', (trailers) => void (this.#error ??= errorIn(trailers)));
    this.#stream.on('error', (error) => void (this.#error ??= this.#refused(error)));
    this.#stream.on('close', () => this.#end(this.#error ?? new OverlayError('UNREACHABLE', 'the connection is gone')));
    this.#stream.end(framed(encodeDataRequest(dial.self, dial.application, dial.spoken)));
    this.#greeting = setTimeout(() => this.#end(new OverlayError('TIMEOUT', `${dial.target.address} does not answer`)), dial.timeoutMs).unref();
  }

  hangUp(): void {
    this.#hasEnded = true;
    this.#close();
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  // A connection that stands after the dial was given up is told as well, though its session is no more.
  #widen(): void {
    if (!this.#session.destroyed) this.#session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
  }

  #check(certificate: PeerCertificate): Error | undefined {
    this.#met = peerFromCertificate(certificate.raw);
    return this.#met?.id === this.#dial.target.id ? undefined : new Error(`not ${this.#dial.target.id}`);
  }

  #respond(headers: IncomingHttpHeaders): void {
    if (headers['grpc-status'] !== undefined) this.#error ??= errorIn(headers);
    else if (headers[constants.HTTP2_HEADER_STATUS] !== '200' && Number(headers[constants.HTTP2_HEADER_STATUS]) !== 200) {
      this.#fault(new OverlayError('FRAME_MALFORMED', `no gRPC answer: HTTP status ${String(headers[constants.HTTP2_HEADER_STATUS])}`));
    }
  }

  #read(chunk: Buffer): void {
    if (this.#hasEnded) return;
    const fault = this.#reader.push(chunk);
    if (fault !== undefined) this.#fault(framingError(fault));
  }

  #take(frame: Buffer): void {
    if (this.#hasEnded) return;
    if (this.#peer === undefined) return this.#greet(frame);
    const fault = this.#listener.frame(frame);
    if (fault !== undefined) this.#fault(fault);
  }

  #greet(frame: Buffer): void {
    clearTimeout(this.#greeting);
    try {
      const handshake = decodeDataHandshake(unframed(frame));
      this.#peer = acceptHandshake(handshake, this.#dial.unprotected ? claimedIdentity(handshake) : this.#admitted(), this.#dial.spoken);
    } catch (error) {
      return this.#fault(error instanceof OverlayError ? error : new OverlayError('HANDSHAKE_INVALID', 'the handshake cannot be read', {}, { cause: error }));
    }
    this.#listener.opened(this.#peer);
  }

  #admitted(): PeerIdentity {
    if (this.#met === undefined) throw new OverlayError('CERTIFICATE_MISSING', 'the peer showed no certificate');
    const refusal = this.#dial.refusal?.(this.#met);
    if (refusal !== undefined) throw refusal;
    return this.#met;
  }

  #fault(error: OverlayError): void {
    this.#end(error, true);
  }

  #end(error: OverlayError, faulted = false): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#close();
    this.#listener.ended(error, faulted);
  }

  #close(): void {
    clearTimeout(this.#greeting);
    if (!this.#stream.closed) this.#stream.close(constants.NGHTTP2_CANCEL);
    // While the connection is still being made there is nothing to end politely.
    if (this.#session.connecting) this.#session.destroy();
    else this.#session.close();
  }

  #refused(error: Error): OverlayError {
    const { target } = this.#dial;
    if (this.#met !== undefined && this.#met.id !== target.id) {
      return new OverlayError('NOT_AT_THIS_ADDRESS', `at ${target.address} is ${this.#met.id}, not ${target.id}`, { address: target.address, met: this.#met.id });
    }
    return new OverlayError('UNREACHABLE', `${target.address}: ${error.message}`, { address: target.address }, { cause: error });
  }
}

function framingError(fault: FramingFault): OverlayError {
  if (fault === 'too-large') return new OverlayError('FRAME_TOO_LARGE', `a data frame has more than ${DATA_FRAME_BYTES_MAX} bytes`, { bytesMax: String(DATA_FRAME_BYTES_MAX) });
  return new OverlayError('FRAME_MALFORMED', 'a data frame is compressed, which was not agreed');
}
