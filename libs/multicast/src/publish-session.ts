import type { Id } from '@banyan/ids';
import type { Millis } from '@banyan/sansio';
import type { MulticastCommand } from './commands.ts';
import type { Block } from './frames.ts';
import type { PublishRefusal, Receipt } from './messages.ts';
import type { Turn } from './turn.ts';

/** Why a batch will never have a receipt. */
type PublishFailure = Exclude<PublishRefusal, 'NO_QUORUM'>;

export type Publish = Extract<MulticastCommand, { type: 'publish' }>;

/** A batch on its way to the root. */
export interface Outgoing {
  readonly block: Block;
  /** Nothing before it waits for a receipt. */
  readonly isOldest: boolean;
}

/**
 * One publisher at this node: what it gave and has no receipt for, at most `publishWindowBytes`, in order and with its borders.
 * A flow sends it from the front; a new flow begins there again.
 */
export class PublishSession {
  readonly client: string;
  readonly session: string;
  readonly #group: Id;
  /** The counter after the highest one taken. */
  #nextCounter: number;
  /** Without a receipt, in the order they were given. */
  readonly #batches: Block[] = [];
  /** How many of them were sent in this flow. */
  #sent = 0;
  #bytes = 0;
  #isBlocked = false;
  #isStalledTold = false;
  /** When something last went forward: a receipt, or the first batch. */
  progressAt: Millis;
  /** When the root is asked for a receipt that does not come. */
  askAt: Millis;
  /** Since when its publisher is gone. */
  endedAt: Millis | undefined;

  /** A session new to this node starts at whatever counter it is given: it may have moved here with batches to retry. */
  constructor(now: Millis, { group, client, session, counter }: Publish) {
    this.#group = group;
    this.client = client;
    this.session = session;
    this.#nextCounter = counter;
    this.progressAt = now;
    this.askAt = now;
  }

  get batches(): number {
    return this.#batches.length;
  }

  /** Without a receipt. */
  get bytes(): number {
    return this.#bytes;
  }

  get isWaiting(): boolean {
    return this.#batches.length > 0;
  }

  /** Something was sent in this flow and has no receipt. */
  get isUnderWay(): boolean {
    return this.#sent > 0;
  }

  get oldestCounter(): number {
    return this.#batches[0]?.counter ?? 1;
  }

  /** Takes a batch, or tells the publisher why not. One that was given before changes nothing. */
  offer(turn: Turn, command: Publish): boolean {
    const { counter, count, bytes } = command;
    if (counter > this.#nextCounter) {
      this.#fail(turn, counter, 'COUNTER_GAP');
      return false;
    }
    if (counter < this.#nextCounter && this.#batches.some((batch) => batch.counter === counter)) return false;
    const isFull = this.#bytes + bytes > turn.config.publishWindowBytes || this.#batches.length >= turn.config.receiptsMax;
    if (isFull && this.isWaiting) {
      this.#isBlocked = true;
      turn.event({ type: 'publishBlocked', group: this.#group, client: this.client, session: this.session, counter });
      return false;
    }
    if (!this.isWaiting) this.progressAt = turn.now;
    this.#batches.push(blockOf(command));
    this.#bytes += bytes;
    this.#nextCounter = Math.max(this.#nextCounter, counter + count);
    return true;
  }

  /** The next batch of this flow, which counts as sent. */
  send(turn: Turn): Outgoing | undefined {
    const block = this.#batches[this.#sent];
    if (block === undefined) return undefined;
    const isOldest = this.#sent === 0;
    // Only the first one out sets the clock: a stream of later batches must not put off the question for a lost receipt.
    if (isOldest) this.askAt = turn.now + turn.config.receiptMs;
    this.#sent++;
    return { block, isOldest };
  }

  /** The flow is over: the next one begins with what has no receipt. */
  rewind(): void {
    this.#sent = 0;
  }

  receipted(turn: Turn, receipt: Receipt): void {
    const isOldest = this.#batches[0]?.counter === receipt.counter;
    if (!this.#take(receipt.counter)) return;
    if (isOldest) this.askAt = turn.now + turn.config.receiptMs;
    this.progressAt = turn.now;
    this.#isStalledTold = false;
    turn.event({ type: 'receipt', group: this.#group, client: this.client, session: this.session, ...receipt });
  }

  /** The root will never take this batch. */
  refused(turn: Turn, counter: number, reason: PublishFailure): void {
    if (this.#take(counter)) this.#fail(turn, counter, reason);
  }

  /** Tells a publisher that was held when half of the window is free again. */
  reopen(turn: Turn): void {
    if (!this.#isBlocked || this.#bytes > turn.config.publishWindowBytes / 2 || this.#batches.length > turn.config.receiptsMax / 2) return;
    this.#isBlocked = false;
    turn.event({ type: 'publishReady', group: this.#group, client: this.client, session: this.session, counter: this.#nextCounter });
  }

  /** Told once until something goes forward again. */
  tellStalled(turn: Turn, reason: 'NO_QUORUM' | 'NO_ROOT'): void {
    if (this.#isStalledTold) return;
    this.#isStalledTold = true;
    turn.event({ type: 'publishStalled', group: this.#group, client: this.client, session: this.session, reason });
  }

  /** Everything given fails, or the next thing where nothing waits: the group is gone. */
  failAll(turn: Turn, reason: PublishFailure): void {
    const counters = this.isWaiting ? this.#batches.map((batch) => batch.counter) : [this.#nextCounter];
    for (const counter of counters) this.#fail(turn, counter, reason);
  }

  #fail(turn: Turn, counter: number, reason: PublishFailure): void {
    turn.event({ type: 'publishFailed', group: this.#group, client: this.client, session: this.session, counter, reason });
  }

  /** Takes a batch off the list; receipts come nearly always in order, so it is looked for from the front. */
  #take(counter: number): boolean {
    const at = this.#batches.findIndex((batch) => batch.counter === counter);
    const block = this.#batches[at];
    if (block === undefined) return false;
    this.#batches.splice(at, 1);
    if (at < this.#sent) this.#sent--;
    this.#bytes -= block.bytes;
    return true;
  }
}

function blockOf({ client, session, counter, count, payload, bytes, trace, place, partOf, row, fragment }: Publish): Block {
  return {
    ...{ client, session, counter, count, payload, bytes },
    ...(trace === undefined ? {} : { trace }),
    ...(place === undefined ? {} : { place }),
    ...(partOf === undefined ? {} : { partOf }),
    ...(row === undefined ? {} : { row }),
    ...(fragment === undefined ? {} : { fragment }),
  };
}
