import { createHash, type Hash } from 'node:crypto';
import { OverlayError } from '@banyan/grpc';
import type { SubscriptionEvent } from '../subscription-event.ts';
import { decodeTransfer, TRANSFER_VERSION, type TransferId, type TransferMessage } from './envelope.ts';
import type { Sink } from './sink.ts';

/** What a transfer's header says. */
export interface FileHeader {
  /** As the sender called it: not to be used as a path. */
  readonly name: string;
  readonly size: number | undefined;
}

/** A file that is whole. */
export interface ReceivedFile {
  readonly name: string;
  /** Where it lies; undefined when it went to a stream. */
  readonly path: string | undefined;
  readonly size: number;
  /** 64 hex digits; computed here and equal to the sender's. */
  readonly sha256: string;
}

/** How files are received. */
export interface ReceiveOptions {
  /** Where the file of a header goes. */
  readonly sinkFor: (header: FileHeader) => Promise<Sink>;
  readonly onProgress?: (header: FileHeader, receivedBytes: number) => void;
  /** Told once when chunks of a transfer come whose beginning was before this subscription: it cannot be received. */
  readonly onLateStart?: () => void;
}

interface Receiving {
  readonly transfer: TransferId;
  readonly header: FileHeader;
  readonly sink: Sink;
  readonly hash: Hash;
  received: number;
}

/**
 * The files that come over a subscription, one after the other, each when it is whole and verified. Messages that belong
 * to no transfer, and transfers that began within another, are passed over.
 * Throws GAP when messages are lost, DIGEST_MISMATCH when the bytes are not those that were sent, CANCELLED when the
 * sender gave up, VERSION_UNSUPPORTED; what was written of the file is then removed.
 */
export async function* receiveFiles(events: AsyncIterable<SubscriptionEvent>, options: ReceiveOptions): AsyncGenerator<ReceivedFile, void, void> {
  const receiver = new FileReceiver(options);
  try {
    for await (const event of events) {
      if (event.type === 'gap') throw gapError(event);
      for (const bytes of event.messages) {
        const file = await receiver.take(bytes);
        if (file !== undefined) yield file;
      }
    }
  } finally {
    await receiver.discard();
  }
}

/** A gap as the error it is for a reader who needs every message. */
export function gapError(gap: Extract<SubscriptionEvent, { type: 'gap' }>): OverlayError {
  const { firstSequence, lastSequence, cause } = gap;
  const count = lastSequence - firstSequence + 1n;
  const message = `gap: ${count} messages will not come, sequences ${firstSequence} to ${lastSequence} (${cause})`;
  return new OverlayError('GAP', message, { firstSequence: String(firstSequence), lastSequence: String(lastSequence), cause });
}

class FileReceiver {
  readonly #options: ReceiveOptions;
  #current: Receiving | undefined;
  #toldLateStart = false;

  constructor(options: ReceiveOptions) {
    this.#options = options;
  }

  /** Takes one message; the file, when it was its last. */
  async take(bytes: Uint8Array): Promise<ReceivedFile | undefined> {
    const message = decodeTransfer(bytes);
    if (message === undefined) return undefined;
    if (this.#current === undefined) await this.#begin(message);
    else if (message.transfer === this.#current.transfer) return this.#goOn(this.#current, message);
    return undefined;
  }

  async discard(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    await current?.sink.discard();
  }

  async #begin(message: TransferMessage): Promise<void> {
    if (message.type === 'unknown') {
      throw new OverlayError('VERSION_UNSUPPORTED', `the sender uses version ${message.version} of the file format, this reader ${TRANSFER_VERSION}`);
    }
    if (message.type === 'chunk' && !this.#toldLateStart) {
      this.#toldLateStart = true;
      this.#options.onLateStart?.();
    }
    if (message.type !== 'header') return;
    const { transfer, name, size } = message;
    const header = { name, size };
    this.#current = { transfer, header, sink: await this.#options.sinkFor(header), hash: createHash('sha256'), received: 0 };
    this.#options.onProgress?.(header, 0);
  }

  async #goOn(current: Receiving, message: TransferMessage): Promise<ReceivedFile | undefined> {
    switch (message.type) {
      case 'chunk':
        await this.#write(current, message.offset, message.bytes);
        return undefined;
      case 'trailer':
        return this.#finish(current, message);
      case 'abort':
        throw new OverlayError('CANCELLED', `the sender gave up: ${message.reason}`);
      case 'header':
      case 'unknown':
        throw new OverlayError('DIGEST_MISMATCH', 'the transfer begins a second time');
    }
  }

  async #write(current: Receiving, offset: number, bytes: Uint8Array): Promise<void> {
    if (offset !== current.received) {
      throw new OverlayError('DIGEST_MISMATCH', `byte ${current.received} was expected and byte ${offset} came`, { offset: String(offset) });
    }
    current.hash.update(bytes);
    current.received += bytes.length;
    await current.sink.write(bytes);
    this.#options.onProgress?.(current.header, current.received);
  }

  async #finish(current: Receiving, trailer: Extract<TransferMessage, { type: 'trailer' }>): Promise<ReceivedFile> {
    const sha256 = current.hash.digest('hex');
    if (current.received !== trailer.size) {
      throw new OverlayError('DIGEST_MISMATCH', `${current.received} bytes came of ${trailer.size}`, { received: String(current.received), size: String(trailer.size) });
    }
    if (sha256 !== trailer.sha256) {
      throw new OverlayError('DIGEST_MISMATCH', `SHA-256 is ${sha256}, the sender's ${trailer.sha256}`, { received: sha256, sent: trailer.sha256 });
    }
    await current.sink.commit();
    this.#current = undefined;
    return { name: current.header.name, path: current.sink.path, size: trailer.size, sha256 };
  }
}
