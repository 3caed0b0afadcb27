import { OverlayError } from '@banyan/grpc';
import type { MovableSubscription } from '@banyan/host';
import { onCancel, send, type Cancellable, type ResponseStream } from '@banyan/service-kit';
import type { AttachedClient, Farewell } from '../drain/attached-clients.ts';
import type { SubscribeReply } from './subscribe-bytes.ts';

/**
 * The end of a subscriber's stream when its node leaves: it is told `Moved` with the sequence to resume from, and is then given
 * the time to go by itself.
 */
export class SubscriberStream implements AttachedClient {
  readonly #call: Cancellable & ResponseStream<SubscribeReply>;
  readonly #subscription: MovableSubscription;
  readonly #over = Promise.withResolvers<void>();
  #farewell: Farewell | undefined;

  constructor(call: Cancellable & ResponseStream<SubscribeReply>, subscription: MovableSubscription) {
    this.#call = call;
    this.#subscription = subscription;
    onCancel(call, () => {
      subscription.close();
      this.#over.resolve();
    });
  }

  move(farewell: Farewell): void {
    this.#farewell = farewell;
    this.#subscription.move();
  }

  cut(): void {
    this.#over.resolve();
  }

  /** Tells the client, when `error` says that it is to move, and waits until it is gone or its time is over; throws what ends the stream. */
  async part(error: unknown): Promise<never> {
    if (!(error instanceof OverlayError) || error.reason !== 'MOVED' || this.#farewell === undefined) throw error;
    const { addresses, deadlineMs } = this.#farewell;
    const resumeSequence = BigInt(error.metadata['sequence'] ?? 0);
    await send(this.#call, { response: { $case: 'moved', value: { addresses: [...addresses], resumeSequence, deadlineMs: BigInt(Math.round(deadlineMs)) } } });
    await this.#over.promise;
    throw new OverlayError('STOPPING', 'the node has left the ring');
  }
}
