import { Metadata, status as codes, type ServiceError } from '@grpc/grpc-js';
import { OverlayError } from './overlay-error.ts';
import { isReason, reasons, type GrpcCode, type Reason } from './reasons.ts';
import { decodeRpcStatus, encodeRpcStatus } from './rpc-status.ts';

/** The domain of every reason in this table, as in google.rpc.ErrorInfo. */
export const ERROR_DOMAIN = 'banyan';
const DETAILS_KEY = 'grpc-status-details-bin';

/** What grpc-js sends to the caller for an error. */
export type CallStatus = Pick<ServiceError, 'name' | 'message' | 'code' | 'details' | 'metadata'>;

/**
 * Any error as a gRPC status. An `OverlayError` tells its reason, message and metadata; of anything else the caller
 * learns only INTERNAL, because messages of strangers may hold what is none of his business.
 */
export function toServiceError(error: unknown): CallStatus {
  const told = error instanceof OverlayError ? error : new OverlayError('INTERNAL', reasons.INTERNAL.what, {}, { cause: error });
  const code = codes[reasons[told.reason].code];
  const metadata = new Metadata();
  const details = encodeRpcStatus({
    code,
    message: told.message,
    errorInfo: { reason: told.reason, domain: ERROR_DOMAIN, metadata: told.metadata },
    ...(told.retryAfterMs === undefined ? {} : { retryAfterMs: told.retryAfterMs }),
  });
  metadata.set(DETAILS_KEY, Buffer.from(details));
  return { name: told.name, message: told.message, code, details: told.message, metadata };
}

/**
 * Any error of a gRPC call as an `OverlayError`: by its ErrorInfo when it has one of ours, else by its code
 * (a refused connection is UNREACHABLE, a missed deadline TIMEOUT, a server whose certificate does not verify CERTIFICATE_UNTRUSTED). An `OverlayError` comes back as it is.
 */
export function parseStatus(error: unknown): OverlayError {
  if (error instanceof OverlayError) return error;
  if (!isServiceError(error)) return new OverlayError('INTERNAL', error instanceof Error ? error.message : String(error), {}, { cause: error });
  const told = detailsOf(error);
  const info = told?.errorInfo;
  if (told !== undefined && info?.domain === ERROR_DOMAIN && isReason(info.reason)) {
    return new OverlayError(info.reason, told.message, info.metadata, { cause: error, ...(told.retryAfterMs === undefined ? {} : { retryAfterMs: told.retryAfterMs }) });
  }
  const details = (error.details || error.message).replace(/\s*Resolution note:\s*$/, '');
  const [fault] = error.code === codes.UNAVAILABLE ? (UNTRUSTED.exec(details) ?? []) : [];
  if (fault !== undefined) return new OverlayError('CERTIFICATE_UNTRUSTED', `the certificate shown is not trusted: ${fault}`, {}, { cause: error });
  return new OverlayError(reasonOfCode(error.code), details, {}, { cause: error });
}

// What OpenSSL and Node say of a server's certificate; grpc-js tells it as a text within UNAVAILABLE.
const UNTRUSTED =
  /unable to verify the first certificate|unable to get (local )?issuer certificate|self[- ]signed certificate|certificate (has expired|is not yet valid|signature failure)|Hostname\/IP does not match certificate's altnames/;

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'metadata' in error;
}

function detailsOf(error: ServiceError): ReturnType<typeof decodeRpcStatus> {
  const [bytes] = error.metadata?.get(DETAILS_KEY) ?? [];
  return bytes instanceof Uint8Array ? decodeRpcStatus(bytes) : undefined;
}

// What an error without our details most likely means: it was made by grpc-js itself, or by a stranger in between.
const REASON_OF_CODE: Readonly<Partial<Record<GrpcCode, Reason>>> = {
  CANCELLED: 'CANCELLED',
  INVALID_ARGUMENT: 'REQUEST_INVALID',
  DEADLINE_EXCEEDED: 'TIMEOUT',
  PERMISSION_DENIED: 'SCOPE_MISSING',
  RESOURCE_EXHAUSTED: 'FRAME_TOO_LARGE',
  UNIMPLEMENTED: 'METHOD_NOT_FOUND',
  UNAVAILABLE: 'UNREACHABLE',
  UNAUTHENTICATED: 'TOKEN_INVALID',
};

function reasonOfCode(code: number): Reason {
  return REASON_OF_CODE[(codes[code] ?? 'UNKNOWN') as GrpcCode] ?? 'INTERNAL';
}
