import type { ServiceError } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { reasons, type GrpcCode, type OverlayError } from '@banyan/grpc';

const TRANSIENT: ReadonlySet<GrpcCode> = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'ABORTED', 'CANCELLED']);

/**
 * True when the same call may work at another node, or a moment later: the node is gone, busy or not ready, the answer
 * did not come, or the stream was cut. Everything else is the caller's to mend, and repeating it would only hide it.
 */
export function isTransient(error: OverlayError): boolean {
  return TRANSIENT.has(reasons[error.reason].code) || error.reason === 'SLOW' || wasCut(error);
}

// grpc-js tells a stream that was reset from below as INTERNAL, without details of ours.
function wasCut(error: OverlayError): boolean {
  const cause = error.cause as Partial<ServiceError> | undefined;
  return error.reason === 'INTERNAL' && cause?.code === status.INTERNAL && /RST_STREAM/.test(error.message);
}
