import { partsOf, type FragmentPlace } from './fragments.ts';

/** Messages that keep together: numbered, sent, receipted and, if need be, sent again as one. */
export interface Batch {
  /** Counter of the first message; counters are contiguous from 1 in a session. */
  readonly firstCounter: bigint;
  readonly messages: readonly Uint8Array[];
  readonly bytes: number;
  /** Its one message is this part of a larger one. */
  readonly fragment?: FragmentPlace;
  /** W3C traceparent: it is traced wherever it goes. */
  readonly trace?: string;
}

/**
 * The group's promise for a batch: its messages have the sequences from `firstSequence` on. A message sent in parts has one receipt,
 * once every part has: with the counter and the sequence of its last part.
 */
export interface Receipt {
  readonly firstCounter: bigint;
  readonly count: number;
  readonly firstSequence: bigint;
}

/** What a receipt settles. */
export interface Settled {
  readonly bytes: number;
  /** Messages that are whole with it: those of the batch, or, with the last receipt of its parts, a large one. */
  readonly messages: number;
}

/** Bounds of what is on its way. */
export interface WindowLimits {
  /** A batch is closed when the next message would make it larger, bytes. */
  readonly batchBytesMax: number;
  /** No room beyond so many bytes without a receipt. */
  readonly unreceiptedBytesMax: number;
  /** No room beyond so many batches without a receipt: the root remembers 1,024 per session for retries. */
  readonly unreceiptedBatchesMax: number;
}

/**
 * The defaults. A batch becomes one frame, and what a node does for a frame costs as much as what it does for 40 KiB: four times
 * 64 KiB in one took a quarter off a delivery of 1 KiB. The window is what a node takes from a publisher.
 */
export const windowLimits: WindowLimits = { batchBytesMax: 256 * 1024, unreceiptedBytesMax: 8 * 1024 * 1024, unreceiptedBatchesMax: 512 };

/**
 * What a publisher has taken and has no receipt for, in order. Pure: it knows no link and no clock.
 * Batches keep their borders for ever, so that a batch sent twice is recognised by the root.
 */
export class PublishWindow {
  readonly #limits: WindowLimits;
  readonly #unreceipted = new Map<bigint, Batch>(); // insertion order = counter order
  /** Parts without a receipt of each large message, by the counter of its last part. */
  readonly #parts = new Map<bigint, number>();
  #open: Uint8Array[] = [];
  #openBytes = 0;
  #closedBytes = 0;
  #nextCounter = 1n;
  #unsent: Batch[] = [];

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  /** True when one more message of any size may be added. */
  get hasRoom(): boolean {
    const batches = this.#unreceipted.size + (this.#open.length > 0 ? 1 : 0);
    return this.#closedBytes + this.#openBytes < this.#limits.unreceiptedBytesMax && batches < this.#limits.unreceiptedBatchesMax;
  }

  /** True when every message has its receipt. */
  get isEmpty(): boolean {
    return this.#unreceipted.size === 0 && this.#open.length === 0;
  }

  /** True when the batch being filled has a message. */
  get hasOpenBatch(): boolean {
    return this.#open.length > 0;
  }

  /** Bytes taken and not receipted. */
  get unreceiptedBytes(): number {
    return this.#closedBytes + this.#openBytes;
  }

  /** Takes a message into the batch being filled, after closing that when it would grow too large; a large one as its parts. */
  add(message: Uint8Array, trace?: string): void {
    const parts = partsOf(message);
    if (parts !== undefined) {
      this.closeBatch();
      parts.forEach((part, index) => this.#close([part], part.length, { fragment: { index, count: parts.length }, trace }));
      this.#parts.set(this.#nextCounter - 1n, parts.length);
      return;
    }
    if (trace !== undefined) {
      // A batch of its own, so that nothing else is traced with it.
      this.closeBatch();
      this.#close([message], message.length, { trace });
      return;
    }
    if (this.#openBytes + message.length > this.#limits.batchBytesMax) this.closeBatch();
    this.#open.push(message);
    this.#openBytes += message.length;
    if (this.#openBytes >= this.#limits.batchBytesMax) this.closeBatch();
  }

  /** Ends the batch being filled: it may be sent. */
  closeBatch(): void {
    if (this.#open.length === 0) return;
    this.#close(this.#open, this.#openBytes);
    this.#open = [];
    this.#openBytes = 0;
  }

  /** Takes the next batch to send, or undefined. */
  takeUnsent(): Batch | undefined {
    return this.#unsent.shift();
  }

  /** The link was lost: everything without a receipt has to be sent again, in order. */
  rewind(): void {
    this.#unsent = [...this.#unreceipted.values()];
  }

  /** A receipt came: what it settles, or undefined when its batch had one already. */
  acknowledge(firstCounter: bigint): Settled | undefined {
    const batch = this.#unreceipted.get(firstCounter);
    if (batch === undefined) return undefined;
    this.#unreceipted.delete(firstCounter);
    this.#closedBytes -= batch.bytes;
    return { bytes: batch.bytes, messages: batch.fragment === undefined ? batch.messages.length : this.#settlePart(firstCounter, batch.fragment) };
  }

  /** 1 when the message is whole with this receipt. Receipts come in order but for those that were lost and asked for again. */
  #settlePart(counter: bigint, { index, count }: FragmentPlace): number {
    const last = counter + BigInt(count - 1 - index);
    const left = (this.#parts.get(last) ?? count) - 1;
    if (left > 0) this.#parts.set(last, left);
    else this.#parts.delete(last);
    return left > 0 ? 0 : 1;
  }

  #close(messages: readonly Uint8Array[], bytes: number, { fragment, trace }: { readonly fragment?: FragmentPlace; readonly trace?: string | undefined } = {}): void {
    const batch: Batch = { firstCounter: this.#nextCounter, messages, bytes, ...(fragment === undefined ? {} : { fragment }), ...(trace === undefined ? {} : { trace }) };
    this.#nextCounter += BigInt(messages.length);
    this.#unreceipted.set(batch.firstCounter, batch);
    this.#unsent.push(batch);
    this.#closedBytes += bytes;
  }
}
