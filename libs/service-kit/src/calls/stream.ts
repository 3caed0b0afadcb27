// Streams with back-pressure: a handler writes to its call and waits while the reader is behind, so that at most the
// window of the transport is under way (32 frames by default; Observables would queue without bound).
import type { Readable } from 'node:stream';
import type { ServerDuplexStream } from '@grpc/grpc-js';

/** A call one can write responses to. */
export interface ResponseStream<Response> extends Cancellable {
  write(response: Response): boolean;
}

/** A call one can read requests from. */
export type RequestStream = Cancellable & Pick<Readable, 'iterator'>;

/** A call that streams both ways. */
export type DuplexCall<Request, Response> = ServerDuplexStream<Request, Response>;

/** A call whose client may go away. */
export interface Cancellable {
  readonly cancelled: boolean;
  once(event: 'cancelled' | 'drain', listener: () => void): unknown;
  off(event: 'cancelled' | 'drain', listener: () => void): unknown;
}

/** Writes one response and waits while the reader is behind. False: the call is over, stop. */
export async function send<Response>(call: ResponseStream<Response>, response: Response): Promise<boolean> {
  if (call.cancelled) return false;
  if (call.write(response)) return true;
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      call.off('drain', goOn);
      call.off('cancelled', goOn);
      resolve();
    };
    call.once('drain', goOn);
    call.once('cancelled', goOn);
  });
  return !call.cancelled;
}

/**
 * The requests of a stream, until the client ends it or goes away. Leaving the loop early, also by a throw, leaves the
 * call open, so that it can still be answered with a status (a plain `for await` over the call would cut it).
 */
export async function* requests<Request>(call: RequestStream): AsyncGenerator<Request, void> {
  try {
    for await (const request of call.iterator({ destroyOnReturn: false })) yield request as Request;
  } catch (error) {
    if (!call.cancelled) throw error;
  }
}

/** Calls `listener` when the client has gone or the deadline has passed; at once when it has already. */
export function onCancel(call: Cancellable, listener: () => void): void {
  if (call.cancelled) listener();
  else call.once('cancelled', listener);
}

/** Aborted when the client has gone or the deadline has passed. */
export function cancelSignal(call: Cancellable): AbortSignal {
  const over = new AbortController();
  onCancel(call, () => over.abort());
  return over.signal;
}
