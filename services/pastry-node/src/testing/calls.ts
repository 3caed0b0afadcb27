// Calls as specs make them.
import type { ClientReadableStream } from '@grpc/grpc-js';
import { callUnary, OverlayError, parseStatus, type UnaryMethod } from '@banyan/grpc';

/** The reason a unary call is refused with; fails when it is answered. */
export async function refusalOf<Request, Response>(method: UnaryMethod<Request, Response>, request: Request): Promise<OverlayError['reason']> {
  const error = await callUnary(method, request).then(() => undefined, (caught: unknown) => caught);
  if (error instanceof OverlayError) return error.reason;
  throw new Error('the call was not refused');
}

/** What a stream says, one at a time: `next` waits for the next message and rejects with the reason it ended. */
export function reader<Message>(call: ClientReadableStream<Message> | Pick<ClientReadableStream<Message>, 'on'>) {
  const waiting: { resolve(message: Message): void; reject(error: unknown): void }[] = [];
  const messages: Message[] = [];
  let end: unknown;
  call.on('data', (message: Message) => {
    const first = waiting.shift();
    if (first === undefined) messages.push(message);
    else first.resolve(message);
  });
  const finish = (error: unknown): void => {
    end ??= error;
    for (const { reject } of waiting.splice(0)) reject(end);
  };
  call.on('error', (error: unknown) => finish(parseStatus(error)));
  call.on('end', () => setImmediate(() => finish(new Error('the stream ended'))));
  return {
    next(): Promise<Message> {
      const message = messages.shift();
      if (message !== undefined) return Promise.resolve(message);
      if (end !== undefined) return Promise.reject(end);
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    /** The reason it ends with; messages before it are passed over. */
    async reason(): Promise<string> {
      for (;;) {
        const error = await this.next().then(() => undefined, (caught: unknown) => caught);
        if (error instanceof OverlayError) return error.reason;
        if (error !== undefined) throw error;
      }
    },
  };
}
