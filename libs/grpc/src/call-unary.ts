import { Metadata, type CallOptions, type ClientUnaryCall, type ServiceError } from '@grpc/grpc-js';
import { parseStatus } from './status.ts';

/** A unary method of a generated client, bound to it. */
export type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/** One unary call; without `timeoutMs` the channel's deadline holds. Rejects with `OverlayError`. */
export function callUnary<Request, Response>(method: UnaryMethod<Request, Response>, request: Request, timeoutMs?: number): Promise<Response> {
  const options = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
  return new Promise((resolve, reject) => {
    method(request, new Metadata(), options, (error, response) => (error === null ? resolve(response) : reject(parseStatus(error))));
  });
}
