import type { Id } from '@banyan/ids';
import type { Millis } from '@banyan/sansio';
import type { MulticastEvent, SubscriptionId } from '../commands.ts';
import type { GroupDescriptor, Verified } from '../descriptor.ts';
import type { Sequence } from '../epoch.ts';
import type { Block, GapReason, PayloadPlace } from '../frames.ts';
import type { StripePort } from './port.ts';

/** Payloads that are read from before the newest when a reader starts at the newest: some may be named just afterwards. */
const LOOK_BACK = 64;
/** A stripe that found no root is asked for again after so long. */
const RETRY_MS: Millis = 1_000;
/** Payloads that are let go as they come; beyond, they wait until they are orphans. */
const UNWANTED_MAX = 65_536;

interface Part {
  readonly block: Block;
  readonly at: Millis;
}

/** What became of a payload that is looked for. */
export type Found = { readonly type: 'here'; readonly block: Block } | { readonly type: 'awaited' } | { readonly type: 'lost'; readonly reason: GapReason };

/** One reader's place in one stripe: what came and waits for a block that names it. */
export class StripeCursor {
  readonly group: Id;
  readonly #port: StripePort;
  readonly #descriptor: Verified<GroupDescriptor>;
  readonly #windowBytes: number;
  readonly #newId: () => SubscriptionId;
  #subscription: SubscriptionId | undefined;
  readonly #parts = new Map<Sequence, Part>();
  /** From where on nothing was let go unasked, and the sequence after the last that came or will not come; undefined: not subscribed yet. */
  #start: Sequence | undefined;
  #position: Sequence = 0;
  #lastGap: GapReason = 'DROPPED';
  #bytes = 0;
  /** Bytes that came and are not yet given back to the stripe's window. */
  #owedBytes = 0;
  #retryAt: Millis | undefined;
  /** Payloads to come that are not waited for any more. */
  readonly #unwanted = new Set<Sequence>();
  /** What came since it was last asked for; only where somebody asks. */
  #fresh: { readonly sequence: Sequence; readonly block: Block }[] | undefined;

  constructor(port: StripePort, { descriptor, windowBytes, newId }: { readonly descriptor: Verified<GroupDescriptor>; readonly windowBytes: number; readonly newId: () => SubscriptionId }) {
    this.group = descriptor.group;
    this.#port = port;
    this.#descriptor = descriptor;
    this.#windowBytes = windowBytes;
    this.#newId = newId;
  }

  get subscription(): SubscriptionId | undefined {
    return this.#subscription;
  }

  /** Bytes of payloads that wait here. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes its place in the tree of the stripe. */
  open(from?: Sequence): void {
    this.close();
    this.#subscription = this.#newId();
    this.#start = undefined;
    this.#retryAt = undefined;
    const start = from === undefined ? ({ type: 'last', count: LOOK_BACK } as const) : ({ type: 'sequence', sequence: from } as const);
    this.#port.command({ type: 'subscribe', subscription: this.#subscription, group: this.group, start, windowBytes: this.#windowBytes, descriptor: this.#descriptor });
  }

  close(): void {
    if (this.#subscription !== undefined) this.#port.command({ type: 'unsubscribe', subscription: this.#subscription });
    this.#subscription = undefined;
    this.#owedBytes = 0;
  }

  /** A word from the stripe. */
  on(event: Extract<MulticastEvent, { readonly subscription: SubscriptionId }>): void {
    switch (event.type) {
      case 'subscribed':
        this.#start = event.firstSequence;
        this.#position = event.firstSequence;
        return;
      case 'subscribeFailed':
        this.#subscription = undefined;
        this.#retryAt = this.#port.now + RETRY_MS;
        return;
      case 'messages':
        return this.#onMessages(event);
      case 'gap':
        return this.#onGap(event);
      case 'anycastOffer': // only the main tree is asked for members
        return;
      case 'detached':
        this.#subscription = undefined;
        this.open(event.sequence);
        return;
      case 'ended':
        this.#subscription = undefined;
        return;
    }
  }

  /** The payload at a place. One from before the start of this reader, or let go since, is asked for from there. */
  find({ sequence }: PayloadPlace): Found {
    const part = this.#parts.get(sequence);
    if (part !== undefined) return { type: 'here', block: part.block };
    if (this.#start === undefined || sequence >= this.#position) return { type: 'awaited' };
    if (sequence >= this.#start) return { type: 'lost', reason: this.#lastGap };
    this.open(Math.max(1, sequence - LOOK_BACK));
    return { type: 'awaited' };
  }

  /** The payload that waits at a sequence. */
  waiting(sequence: Sequence): Block | undefined {
    return this.#parts.get(sequence)?.block;
  }

  /** What came since the last call, in order. */
  takeFresh(): readonly { readonly sequence: Sequence; readonly block: Block }[] {
    const fresh = this.#fresh ?? [...this.#parts].map(([sequence, { block }]) => ({ sequence, block }));
    this.#fresh = [];
    return fresh;
  }

  /** The payload at a place was handed on, or is not wanted any more. */
  take(sequence: Sequence): void {
    const part = this.#parts.get(sequence);
    if (part === undefined) {
      if (sequence >= this.#position && this.#unwanted.size < UNWANTED_MAX) this.#unwanted.add(sequence);
      return;
    }
    this.#parts.delete(sequence);
    this.#bytes -= part.block.bytes;
  }

  /** Opens the stripe's window by what came meanwhile. */
  giveBack(): void {
    if (this.#owedBytes === 0 || this.#subscription === undefined) return;
    this.#port.command({ type: 'consumed', subscription: this.#subscription, bytes: this.#owedBytes });
    this.#owedBytes = 0;
  }

  /** Lets go of payloads that came before `before` and that nobody named; one that is named after all is asked for again. */
  dropBefore(before: Millis, isNamed: (sequence: Sequence) => boolean): void {
    for (const [sequence, { at }] of this.#parts) {
      if (at >= before) return;
      if (isNamed(sequence)) continue;
      this.take(sequence);
      if (this.#start !== undefined && sequence >= this.#start) this.#start = sequence + 1;
      this.#port.drop('orphan_part');
    }
  }

  tick(): void {
    if (this.#retryAt !== undefined && this.#retryAt <= this.#port.now) this.open();
  }

  deadline(): Millis | undefined {
    return this.#retryAt;
  }

  #onMessages({ frame, from }: Extract<MulticastEvent, { readonly type: 'messages' }>): void {
    let sequence = frame.firstSequence;
    for (const block of frame.blocks) {
      if (sequence >= from && !this.#parts.has(sequence) && !this.#unwanted.delete(sequence)) {
        this.#parts.set(sequence, { block, at: this.#port.now });
        this.#bytes += block.bytes;
        this.#fresh?.push({ sequence, block });
      }
      sequence += block.count;
    }
    this.#owedBytes += frame.bytes;
    this.#position = Math.max(this.#position, sequence);
  }

  #onGap({ from, to, reason }: Extract<MulticastEvent, { readonly type: 'gap' }>): void {
    this.#lastGap = reason;
    // After another epoch these sequences come anew, as other payloads.
    if (reason === 'OTHER_EPOCH') {
      for (const sequence of [...this.#parts.keys()]) if (sequence >= from) this.take(sequence);
      this.#unwanted.clear();
      this.#position = from;
    } else this.#position = Math.max(this.#position, to);
  }
}
