import type { Publication } from '@banyan/host';
import { OverlayError } from '@banyan/grpc';
import type { multicast } from '@banyan/proto';
import { checkRequest, onCancel, requests, send, type DuplexCall } from '@banyan/service-kit';
import type { AttachedClient, Farewell } from '../drain/attached-clients.ts';
import { publishBatch } from './multicast.requests.ts';

type PublishCall = DuplexCall<multicast.PublishRequest, multicast.PublishResponse>;

/**
 * One publisher's stream once its session stands: batches in, receipts out, both at their own pace. A batch is read
 * when the node has room for it, so a publisher is held back at the unreceipted bytes the node allows. When the
 * publisher ends its side the stream stays until the last receipt is out. A publisher who is told that the node leaves goes on
 * getting receipts here until he has gone.
 */
export class PublishStream implements AttachedClient {
  readonly #call: PublishCall;
  readonly #publication: Publication;
  /** Counters of batches that have no receipt. */
  readonly #unreceipted = new Set<number>();
  /** The counter that follows what was taken; undefined in a resumed session, where only the root knows. */
  #nextCounter: number | undefined;
  #hasEnded = false;

  constructor(call: PublishCall, publication: Publication, isResumed: boolean) {
    this.#call = call;
    this.#publication = publication;
    this.#nextCounter = isResumed ? undefined : 1;
  }

  move({ addresses, deadlineMs }: Farewell): void {
    void send(this.#call, { response: { $case: 'moved', value: { addresses: [...addresses], resumeSequence: 0n, deadlineMs: BigInt(Math.round(deadlineMs)) } } });
  }

  cut(): void {
    this.#publication.fail(new OverlayError('STOPPING', 'the node has left the ring'));
  }

  /** Resolves when everything is receipted or the client has gone; rejects with what ended the session. */
  async run(incoming: AsyncIterable<multicast.PublishRequest>, trace: string | undefined): Promise<void> {
    const stop = (): void => this.#publication.receipts.close();
    onCancel(this.#call, stop);
    try {
      await Promise.all([this.#takeBatches(incoming, trace), this.#sendReceipts()]);
    } finally {
      stop();
      this.#publication.close();
    }
  }

  async #takeBatches(incoming: AsyncIterable<multicast.PublishRequest>, trace: string | undefined): Promise<void> {
    for await (const { request } of incoming) {
      if (request?.$case !== 'batch') throw new OverlayError('REQUEST_INVALID', 'only the first request opens the session', { field: 'request' });
      const { firstCounter, messages, fragment, trace: own = trace } = checkRequest(publishBatch, request.value);
      this.#assertFollows(firstCounter, messages.length);
      this.#unreceipted.add(firstCounter);
      await this.#publication.send({ counter: firstCounter, messages, ...(own === undefined ? {} : { trace: own }), ...(fragment === undefined ? {} : { fragment }) });
    }
    this.#hasEnded = true;
    this.#endWhenReceipted();
  }

  #assertFollows(firstCounter: number, count: number): void {
    const expected = this.#nextCounter;
    if (expected === undefined) return;
    if (firstCounter > expected) throw new OverlayError('BATCH_OUT_OF_ORDER', `counter ${firstCounter} does not follow: ${expected} is next`, { expected: String(expected) });
    this.#nextCounter = Math.max(expected, firstCounter + count);
  }

  async #sendReceipts(): Promise<void> {
    for await (const { counter, count, firstSequence } of this.#publication.receipts) {
      this.#unreceipted.delete(counter);
      const receipt = { firstCounter: BigInt(counter), count, firstSequence: BigInt(firstSequence) };
      if (!(await send(this.#call, { response: { $case: 'receipt', value: receipt } }))) return;
      this.#endWhenReceipted();
    }
  }

  #endWhenReceipted(): void {
    if (this.#hasEnded && this.#unreceipted.size === 0) this.#publication.receipts.close();
  }
}

/** The first request of a publisher and the rest. Throws REQUEST_INVALID when the first does not open a session. */
export async function openingOf(call: PublishCall): Promise<{ readonly open: multicast.PublishOpen; readonly incoming: AsyncIterable<multicast.PublishRequest> }> {
  const incoming = requests<multicast.PublishRequest>(call);
  const { value: first } = await incoming.next();
  if (first?.request?.$case !== 'open') throw new OverlayError('REQUEST_INVALID', 'the first request opens the session', { field: 'request' });
  return { open: first.request.value, incoming };
}
