import type { ClientDuplexStream } from '@grpc/grpc-js';
import { OverlayError, parseStatus } from '@banyan/grpc';
import type { multicast } from '@banyan/proto';
import { atAddress } from './ask.ts';
import type { NodeConnection } from './node-pool.ts';
import type { Batch, Receipt } from './publish-window.ts';

const NO_BYTES = new Uint8Array(0);

/** What a publishing link tells its publisher. */
export interface PublishLinkEvents {
  /** The node took the session; what was not receipted may be written, again. */
  readonly opened: () => void;
  readonly receipt: (receipt: Receipt) => void;
  /** The node leaves; gives the error that the link ends with. */
  readonly moved: (moved: multicast.Moved) => OverlayError;
  /** It was not writable and is now. */
  readonly writable: () => void;
}

/** One Publish stream to one node: opens the session, carries batches out and receipts back, ends once. */
export class PublishLink {
  readonly address: string;
  /** Resolves when the stream ended as asked for, rejects with an `OverlayError` when it broke. */
  readonly ended: Promise<void>;
  readonly #call: ClientDuplexStream<multicast.PublishRequest, multicast.PublishResponse>;
  #isWritable = false;
  #isFinished = false;
  #breakWith: (error: OverlayError) => void = () => undefined;

  constructor(connection: NodeConnection, open: multicast.PublishOpen, events: PublishLinkEvents) {
    this.address = connection.address;
    this.#call = connection.multicast.publish();
    this.ended = new Promise((resolve, reject) => {
      this.#breakWith = reject;
      this.#call.on('error', (error) => reject(atAddress(parseStatus(error), this.address)));
      this.#call.on('end', () => (this.#isFinished ? resolve() : reject(new OverlayError('STOPPING', `${this.address} ended the stream`))));
    });
    this.ended.catch(() => (this.#isWritable = false));
    this.#call.on('data', (response: multicast.PublishResponse) => this.#take(response, events));
    this.#call.on('drain', () => {
      this.#isWritable = true;
      events.writable();
    });
    this.#call.write({ request: { $case: 'open', value: open } });
  }

  /** True when a batch may be written now: the session stands and what was written before is on its way. */
  get isWritable(): boolean {
    return this.#isWritable;
  }

  /** Writes one batch. */
  write(batch: Batch): void {
    const { firstCounter, messages, fragment, trace } = batch;
    const value = { firstCounter, messages: [...messages], trace, fragment: fragment === undefined ? undefined : { ...fragment, publisher: NO_BYTES } };
    this.#isWritable = this.#call.write({ request: { $case: 'batch', value } });
  }

  /** Says that nothing more comes; `ended` resolves when the node has closed its side. */
  finish(): void {
    this.#isFinished = true;
    this.#call.end();
  }

  /** Gives the stream up: `ended` rejects with `error`. */
  cut(error: OverlayError): void {
    this.#breakWith(error);
    this.#call.cancel();
  }

  #take({ response }: multicast.PublishResponse, events: PublishLinkEvents): void {
    if (response?.$case === 'opened') {
      this.#isWritable = true;
      events.opened();
    } else if (response?.$case === 'receipt') {
      events.receipt(response.value);
    } else if (response?.$case === 'moved') {
      this.cut(events.moved(response.value));
    }
  }
}
