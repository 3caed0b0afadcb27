import type { ClientReadableStream } from '@grpc/grpc-js';
import { callUnary, OverlayError, parseStatus, reasons, type Reason, type UnaryMethod } from '@banyan/grpc';
import type { NodeConnection, NodePool } from './node-pool.ts';

/** How a unary call is made. */
export interface AskOptions {
  /** How long the answer may take, ms; by default 10 s. */
  readonly deadlineMs?: number;
}

/** One unary call with a deadline; a failure is an `OverlayError` that names the address. */
export function ask<Request, Response>(address: string, method: UnaryMethod<Request, Response>, request: Request, options: AskOptions = {}): Promise<Response> {
  return callUnary(method, request, options.deadlineMs).catch((error: unknown) => {
    throw atAddress(parseStatus(error), address);
  });
}

/**
 * One unary call that may be repeated without harm: a node that does not answer is passed over, each node is asked once.
 * Throws the last node's error.
 */
export async function askAnyNode<Response>(pool: NodePool, call: (node: NodeConnection) => Promise<Response>): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const node = pool.current;
    try {
      return await call(node);
    } catch (error) {
      const told = parseStatus(error);
      if (attempt >= pool.size || reasons[told.reason].code !== 'UNAVAILABLE') throw told;
      pool.moveOn(node.address);
    }
  }
}

/**
 * The messages of a server stream, one at a time as they are asked for. The call ends when the reader leaves; when
 * `closed` is aborted, the messages end, also under a reader who waits for the next.
 */
export async function* messagesOf<Response>(address: string, call: ClientReadableStream<Response>, closed?: AbortSignal): AsyncGenerator<Response, void, void> {
  const cancel = (): void => call.cancel();
  closed?.addEventListener('abort', cancel, { once: true });
  try {
    for await (const message of call as AsyncIterable<Response>) yield message;
  } catch (error) {
    if (closed?.aborted !== true) throw atAddress(parseStatus(error), address);
  } finally {
    closed?.removeEventListener('abort', cancel);
    call.on('error', () => undefined); // the cancellation itself
    call.cancel();
  }
}

const MESSAGES: Readonly<Partial<Record<Reason, (address: string, message: string) => string>>> = {
  UNREACHABLE: (address) => `nothing answers at ${address}`,
  TIMEOUT: (address) => `no answer from ${address} in time`,
  CERTIFICATE_UNTRUSTED: (address, message) => `${address}: ${message}`,
};

/** The same error, saying where nothing answered: grpc-js tells it in many words or not at all. */
export function atAddress(error: OverlayError, address: string): OverlayError {
  const message = MESSAGES[error.reason]?.(address, error.message);
  return message === undefined ? error : new OverlayError(error.reason, message, { ...error.metadata, address }, { cause: error.cause ?? error });
}
