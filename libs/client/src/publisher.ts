import { randomBytes } from 'node:crypto';
import { OverlayError, parseStatus } from '@banyan/grpc';
import type { multicast } from '@banyan/proto';
import { BoundedQueue } from './bounded-queue.ts';
import { MESSAGE_BYTES_MAX } from './fragments.ts';
import { movedAway } from './moved.ts';
import type { NodePool } from './node-pool.ts';
import { Patience, type Reconnect } from './patience.ts';
import { PublishLink } from './publish-link.ts';
import { PublishWindow, windowLimits, type Receipt, type Settled, type WindowLimits } from './publish-window.ts';

/** How to publish. */
export interface PublishOptions {
  /** 16 bytes; the same bytes and the same messages again continue a session of before. By default drawn. */
  readonly session?: Uint8Array;
  /** The group's signed descriptor, for nodes that cannot ask the tree builder. */
  readonly descriptor?: multicast.SignedGroupDescriptor;
  /** Told when the node was lost and the session goes on at another. */
  readonly onReconnect?: (reconnect: Reconnect) => void;
  /** Bounds smaller than the defaults. */
  readonly limits?: Partial<WindowLimits>;
}

/** How one message is sent. */
export interface SendOptions {
  /** W3C traceparent, see `newTraceparent`: every node that the message passes tells a span of it, whatever is sampled otherwise. */
  readonly trace?: string;
}

/** What a publisher has done. */
export interface PublishTotals {
  /** With a receipt. */
  readonly messages: number;
  readonly bytes: number;
  /** Of the first and the last message; undefined when there was none. */
  readonly firstSequence: bigint | undefined;
  readonly lastSequence: bigint | undefined;
}

const RECEIPTS_UNREAD_MAX = 1_024;
// A node that gives no receipt for so long is taken for dead, even if its connection is alive.
const RECEIPT_TIMEOUT_MS = 30_000;

interface Waiting {
  readonly message: Uint8Array;
  readonly trace: string | undefined;
  readonly taken: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * One publishing session of a group. `send` takes a message when there is room; what is taken is sent in batches that
 * close at 256 KiB or at the end of the event-loop turn, whichever is first. When the node is lost the session goes on at
 * another one: what has no receipt is sent again with the same counters and borders, so nothing is lost or doubled.
 */
export class Publisher implements AsyncDisposable {
  /** 16 bytes. */
  readonly session: Uint8Array;
  readonly group: string;
  readonly #pool: NodePool;
  readonly #options: PublishOptions;
  readonly #patience: Patience;
  readonly #window: PublishWindow;
  readonly #abort = new AbortController();
  readonly #opened = Promise.withResolvers<void>();
  readonly #finished: Promise<void>;
  readonly #waiting: Waiting[] = [];
  #receipts: BoundedQueue<Receipt> | undefined;
  #link: PublishLink | undefined;
  #address = '';
  #silence: NodeJS.Timeout | undefined;
  #wasOpen = false;
  #isClosing = false;
  #isTurnEndAwaited = false;
  #failure: OverlayError | undefined;
  #totals: PublishTotals = { messages: 0, bytes: 0, firstSequence: undefined, lastSequence: undefined };

  private constructor(pool: NodePool, group: string, patienceMs: number, options: PublishOptions) {
    this.#pool = pool;
    this.group = group;
    this.#options = options;
    this.session = options.session ?? randomBytes(16);
    this.#patience = new Patience(patienceMs);
    this.#window = new PublishWindow({ ...windowLimits, ...options.limits });
    this.#finished = this.#run();
    this.#finished.catch(() => undefined); // told by every send and by close
    this.#opened.promise.catch(() => undefined);
    pool.closed.addEventListener('abort', () => this.abort(), { signal: this.#abort.signal });
  }

  /** A session of `group`; resolves when a node has taken it. */
  static async open(pool: NodePool, group: string, patienceMs: number, options: PublishOptions): Promise<Publisher> {
    const publisher = new Publisher(pool, group, patienceMs, options);
    await publisher.#opened.promise;
    return publisher;
  }

  /** What has a receipt so far. */
  get totals(): PublishTotals {
    return this.#totals;
  }

  /** Bytes taken that have no receipt yet; at most 8 MiB and one message. */
  get unreceiptedBytes(): number {
    return this.#window.unreceiptedBytes;
  }

  /**
   * Publishes one message of at most 64 MiB; resolves when it is taken, which waits for room. The bytes must not be
   * changed until their receipt. Messages are numbered in the order of the calls. One over 64 KiB travels in parts, each passed on
   * before the next one is there; subscribers get it whole, or are told that it will not come.
   */
  send(message: Uint8Array, { trace }: SendOptions = {}): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#isClosing) return Promise.reject(new OverlayError('CANCELLED', 'the publisher is closed'));
    if (message.length > MESSAGE_BYTES_MAX) {
      return Promise.reject(new OverlayError('MESSAGE_TOO_LARGE', `a message of ${message.length} bytes is over 64 MiB; send it as a file`, { bytesMax: String(MESSAGE_BYTES_MAX) }));
    }
    if (this.#waiting.length === 0 && this.#hasRoom) {
      this.#take(message, trace);
      return Promise.resolve();
    }
    return new Promise((taken, failed) => this.#waiting.push({ message, trace, taken, failed }));
  }

  /** Publishes messages in order; resolves when all are taken. */
  async sendBatch(messages: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    for await (const message of messages) await this.send(message);
  }

  /**
   * Receipts from now on, in the order they come, for one reader. A reader that lags 1,024 behind slows `send`.
   * Without a reader receipts are counted in `totals` and not kept.
   */
  receipts(): AsyncIterable<Receipt> {
    this.#receipts ??= new BoundedQueue<Receipt>(RECEIPTS_UNREAD_MAX, () => this.#admitWaiting());
    return this.#receipts.read();
  }

  /** Ends the session when every message taken has its receipt. Throws what kept it from that. */
  async close(): Promise<PublishTotals> {
    this.#isClosing = true;
    this.#window.closeBatch();
    this.#pump();
    this.#finishIfDone();
    await this.#finished;
    return this.#totals;
  }

  /** Ends at once; what has no receipt may or may not have been published. */
  abort(): void {
    const reason = new OverlayError('CANCELLED', 'the publisher was aborted');
    this.#fail(reason);
    this.#link?.cut(reason);
    this.#abort.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#failure === undefined) await this.close();
  }

  get #hasRoom(): boolean {
    return this.#window.hasRoom && this.#receipts?.isFull !== true;
  }

  get #isDone(): boolean {
    return this.#isClosing && this.#waiting.length === 0 && this.#window.isEmpty;
  }

  #take(message: Uint8Array, trace: string | undefined): void {
    if (this.#window.isEmpty) this.#silence?.refresh(); // there was nothing to be receipted until now
    this.#window.add(message, trace);
    this.#pump();
    if (!this.#window.hasOpenBatch || this.#isTurnEndAwaited) return;
    this.#isTurnEndAwaited = true;
    setImmediate(() => {
      this.#isTurnEndAwaited = false;
      if (this.#link?.isWritable !== true) return; // the link is behind: let the batch grow until it is not
      this.#window.closeBatch();
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#link?.isWritable === true) {
      const batch = this.#window.takeUnsent();
      if (batch === undefined) return;
      this.#link.write(batch);
    }
  }

  #admitWaiting(): void {
    while (this.#hasRoom) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#take(next.message, next.trace);
      next.taken();
    }
  }

  #finishIfDone(): void {
    if (this.#isDone) this.#link?.finish();
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const error = await this.#useNode();
        if (error === undefined) break;
        await this.#moveOn(error);
      }
      this.#receipts?.end();
      this.#abort.abort();
    } catch (error) {
      this.#fail(parseStatus(error));
      throw error;
    }
  }

  /** Publishes over one node until all is done (undefined) or the link broke (the error). */
  async #useNode(): Promise<OverlayError | undefined> {
    const { session, group } = this;
    const { descriptor } = this.#options;
    const node = this.#pool.current;
    this.#address = node.address;
    const link = new PublishLink(node, { group, session: Buffer.from(session), descriptor }, {
      opened: () => this.#onOpened(),
      receipt: (receipt) => this.#onReceipt(receipt),
      moved: (moved) => movedAway(this.#pool, node.address, moved),
      writable: () => this.#onWritable(),
    });
    this.#link = link;
    this.#silence = setTimeout(() => this.#onSilence(link), RECEIPT_TIMEOUT_MS);
    try {
      await link.ended;
      return undefined;
    } catch (error) {
      return this.#isDone ? undefined : (this.#failure ?? parseStatus(error));
    } finally {
      clearTimeout(this.#silence);
      this.#link = undefined;
    }
  }

  #onSilence(link: PublishLink): void {
    if (this.#wasOpen && this.#window.isEmpty) this.#silence?.refresh();
    else link.cut(new OverlayError('TIMEOUT', `no receipt from ${link.address} for ${RECEIPT_TIMEOUT_MS / 1000} s`));
  }

  #onOpened(): void {
    this.#wasOpen = true;
    if (this.#window.isEmpty) this.#patience.progress();
    this.#silence?.refresh();
    this.#opened.resolve();
    this.#onWritable();
    this.#finishIfDone();
  }

  #onWritable(): void {
    this.#window.closeBatch();
    this.#pump();
  }

  #onReceipt(receipt: Receipt): void {
    const settled = this.#window.acknowledge(receipt.firstCounter);
    if (settled === undefined) return;
    this.#patience.progress();
    this.#silence?.refresh();
    this.#totals = withReceipt(this.#totals, receipt, settled);
    if (settled.messages > 0) this.#receipts?.push(receipt);
    this.#admitWaiting();
    this.#finishIfDone();
  }

  async #moveOn(error: OverlayError): Promise<void> {
    const lost = this.#address;
    // A node that does not know the group yet, when others did, may learn of it.
    const told = this.#wasOpen && error.reason === 'GROUP_NOT_FOUND' ? new OverlayError('BUSY', error.message, error.metadata, { cause: error }) : error;
    this.#pool.moveOn(lost);
    await this.#patience.waitAfter(told, this.#abort.signal);
    if (this.#failure !== undefined) throw this.#failure; // given up meanwhile
    this.#window.rewind();
    this.#options.onReconnect?.({ lost, error, attempt: this.#patience.attempts });
  }

  #fail(error: OverlayError): void {
    this.#failure ??= error;
    this.#opened.reject(error);
    this.#receipts?.end(error);
    for (const { failed } of this.#waiting.splice(0)) failed(this.#failure);
  }
}

function withReceipt(totals: PublishTotals, { firstSequence, count }: Receipt, { messages, bytes }: Settled): PublishTotals {
  const last = firstSequence + BigInt(count) - 1n;
  return {
    messages: totals.messages + messages,
    bytes: totals.bytes + bytes,
    firstSequence: totals.firstSequence === undefined || firstSequence < totals.firstSequence ? firstSequence : totals.firstSequence,
    lastSequence: totals.lastSequence === undefined || last > totals.lastSequence ? last : totals.lastSequence,
  };
}
