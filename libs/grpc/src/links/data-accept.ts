import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { PeerIdentity } from '@banyan/identity';
import type { overlay } from '@banyan/proto';
import { identityOf } from '../authenticated-peer.ts';
import { OverlayError } from '../overlay-error.ts';
import { parseStatus } from '../status.ts';
import { DataSender } from './data-sender.ts';
import { DATA_REQUEST_BYTES_MAX, isDataRequest, RESPONSE_HEADERS, trailersOf } from './data-wire.ts';
import { framed, FrameReader, unframed } from './framing.ts';
import { acceptHandshake, claimedIdentity, decodeDataRequest, encodeDataHandshake, type LinkPeer, type SpokenVersions } from './handshake.ts';

/** What a parent admits children by. */
export interface DataAdmission {
  readonly self: () => overlay.Node;
  readonly refusal: (identity: PeerIdentity) => OverlayError | undefined;
  readonly queueBytesMax: number;
  readonly timeoutMs: number;
  /** As in `DataLinksOptions`. */
  readonly unprotected: boolean;
  readonly spoken: SpokenVersions;
}

/** What becomes of a call: it is opened and ends, or it is refused. */
export interface DataAcceptListener {
  opened(child: { readonly peer: LinkPeer; readonly application: string; readonly sender: DataSender }): void;
  /** Only of a call that was opened. */
  ended(error: OverlayError): void;
  refused(error: OverlayError): void;
}

/** Takes one call on the data port: reads the child's request, checks who it is, answers with our handshake. */
export function acceptData(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, admission: DataAdmission, listener: DataAcceptListener): void {
  let isOpen = false;
  let isDone = false;
  const refuse = (error: OverlayError): void => {
    if (isOpen || isDone) return;
    isDone = true;
    clearTimeout(greeting);
    endRefused(stream, error);
    listener.refused(error);
  };
  const greeting = setTimeout(() => refuse(new OverlayError('TIMEOUT', 'no request came')), admission.timeoutMs).unref();
  stream.on('error', () => undefined); // 'close' follows and tells
  stream.on('close', () => {
    clearTimeout(greeting);
    const wasOpen = isOpen && !isDone;
    isDone = true;
    if (wasOpen) listener.ended(endOf(stream));
  });
  if (!isDataRequest(headers)) return refuse(new OverlayError('METHOD_NOT_FOUND', `${String(headers[constants.HTTP2_HEADER_PATH])} is not served on the data port`));
  const reader = new FrameReader(DATA_REQUEST_BYTES_MAX, (frame) => {
    if (isOpen || isDone) return;
    try {
      const child = welcome(stream, frame, admission);
      isOpen = true;
      clearTimeout(greeting);
      listener.opened(child);
    } catch (error) {
      refuse(parseStatus(error));
    }
  });
  stream.on('data', (chunk: Buffer) => {
    if (isDone || isOpen) return;
    const fault = reader.push(chunk);
    if (fault !== undefined) refuse(new OverlayError(fault === 'too-large' ? 'FRAME_TOO_LARGE' : 'FRAME_MALFORMED', 'the request cannot be read'));
  });
  stream.on('end', () => refuse(new OverlayError('HANDSHAKE_INVALID', 'the request is empty')));
}

function welcome(stream: ServerHttp2Stream, frame: Buffer, admission: DataAdmission): { peer: LinkPeer; application: string; sender: DataSender } {
  const request = decodeDataRequest(unframed(frame));
  const peer = acceptHandshake(request?.handshake, admission.unprotected ? claimedIdentity(request?.handshake) : admittedIdentity(stream, admission), admission.spoken);
  stream.respond(RESPONSE_HEADERS, { waitForTrailers: true });
  const sender = new DataSender(stream, admission.queueBytesMax);
  sender.write(framed(encodeDataHandshake(admission.self(), admission.spoken)));
  return { peer, application: request?.application ?? '', sender };
}

function admittedIdentity(stream: ServerHttp2Stream, admission: DataAdmission): PeerIdentity {
  const identity = identityOf((stream.session?.socket as TLSSocket | undefined)?.getPeerCertificate().raw);
  const refusal = admission.refusal(identity);
  if (refusal !== undefined) throw refusal;
  return identity;
}

// A refusal is headers only: the status stands where a clean call has its trailers.
function endRefused(stream: ServerHttp2Stream, error: OverlayError): void {
  if (stream.destroyed || stream.headersSent) return;
  stream.respond({ ...RESPONSE_HEADERS, ...trailersOf(error) }, { endStream: true });
}

function endOf(stream: ServerHttp2Stream): OverlayError {
  const isAlone = stream.session !== undefined && !stream.session.destroyed;
  return isAlone ? new OverlayError('LINK_CLOSED', 'the child left') : new OverlayError('UNREACHABLE', 'the connection is gone');
}
