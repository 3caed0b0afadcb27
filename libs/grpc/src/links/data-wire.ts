import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type SecureServerOptions, type Settings } from 'node:http2';
import { Metadata, status as codes } from '@grpc/grpc-js';
import { peer as wire } from '@banyan/proto';
import { OverlayError } from '../overlay-error.ts';
import { parseStatus, toServiceError } from '../status.ts';

/** Bytes of one data frame at most: a publisher's batch of 1 MiB, its header, and room for newer versions. */
export const DATA_FRAME_BYTES_MAX = 2 * 1024 * 1024;
/** Bytes of the request that opens a data link at most. */
export const DATA_REQUEST_BYTES_MAX = 16 * 1024;

/** Bytes that one stream may have under way. */
const STREAM_WINDOW_BYTES = 4 * 1024 * 1024;
/** Bytes that one connection may have under way. */
export const CONNECTION_WINDOW_BYTES = 8 * 1024 * 1024;

/** Where Data is served. */
export const DATA_PATH = wire.PeerLinkServiceService.data.path;

/** What both ends of a data connection tell each other. */
export const DATA_SETTINGS: Settings = { initialWindowSize: STREAM_WINDOW_BYTES, maxFrameSize: 1024 * 1024, maxConcurrentStreams: 4, enablePush: false };

/** Session options of both ends. Memory of a session is bounded by our own count of waiting bytes, not by nghttp2's. */
export const DATA_SESSION: Pick<SecureServerOptions, 'settings' | 'maxSessionMemory' | 'ALPNProtocols'> = {
  settings: DATA_SETTINGS,
  maxSessionMemory: Number.MAX_SAFE_INTEGER,
  ALPNProtocols: ['h2'],
};

/** Headers of the child's request. */
export const REQUEST_HEADERS: OutgoingHttpHeaders = {
  [constants.HTTP2_HEADER_METHOD]: 'POST',
  [constants.HTTP2_HEADER_PATH]: DATA_PATH,
  [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc+proto',
  [constants.HTTP2_HEADER_TE]: 'trailers',
};

/** Headers of the parent's answer. */
export const RESPONSE_HEADERS: OutgoingHttpHeaders = {
  [constants.HTTP2_HEADER_STATUS]: 200,
  [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc+proto',
};

/** True when the headers ask for what is served here: our one method over gRPC. */
export function isDataRequest(headers: IncomingHttpHeaders): boolean {
  const isGrpc = String(headers[constants.HTTP2_HEADER_CONTENT_TYPE]).startsWith('application/grpc');
  return isGrpc && headers[constants.HTTP2_HEADER_PATH] === DATA_PATH && headers[constants.HTTP2_HEADER_METHOD] === 'POST';
}

/** The end of a call as trailers: a clean one, or a status with its reason. Source: gRPC over HTTP/2, "Responses". */
export function trailersOf(error: OverlayError | undefined): OutgoingHttpHeaders {
  if (error === undefined) return { 'grpc-status': String(codes.OK) };
  const { code, details, metadata } = toServiceError(error);
  return { ...metadata.toHttp2Headers(), 'grpc-status': String(code), 'grpc-message': encodeURIComponent(details) };
}

/** Why a call ended, by its trailers; LINK_CLOSED when it ended well. */
export function errorIn(trailers: IncomingHttpHeaders): OverlayError {
  const code = Number(trailers['grpc-status'] ?? codes.UNKNOWN);
  if (code === codes.OK) return new OverlayError('LINK_CLOSED', 'the link was closed');
  const details = decoded(String(trailers['grpc-message'] ?? ''));
  return parseStatus(Object.assign(new Error(details), { code, details, metadata: metadataIn(trailers) }));
}

function metadataIn(trailers: IncomingHttpHeaders): Metadata {
  try {
    return Metadata.fromHttp2Headers(trailers);
  } catch {
    return new Metadata(); // trailers of a stranger: without details the code must do
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not percent-encoded after all
  }
}
