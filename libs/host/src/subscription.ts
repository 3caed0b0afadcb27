import { createHash } from 'node:crypto';
import { OverlayError, type Reason } from '@banyan/grpc';
import type { Block, MulticastCommand, MulticastEvent, StampedFrame, SubscribeFailure, SubscriptionId } from '@banyan/multicast';
import type { multicast } from '@banyan/proto';
import { isSampled, type Span, type Tracer } from '@banyan/telemetry';
import { payloadFrom } from '@banyan/wire';
import type { MovableSubscription, PublishedFragment, SubscriptionEvent } from './contract.ts';
import { Mailbox } from './mailbox.ts';

/** Bytes that may wait for a subscriber who does not read; the machine counts them. */
export const WINDOW_BYTES = 4 * 1024 * 1024;
// Small frames weigh more than their bytes say; far beyond what the window lets through otherwise.
const WAITING_MAX = 100_000;
const PUBLISHER_BYTES = 16;
/** Offers without an answer that are remembered; the machine waits a second for each. */
const OFFERS_MAX = 1_024;

/** The events of one subscription. */
export type HostSubscriptionEvent = Extract<MulticastEvent, { readonly subscription: SubscriptionId }>;

/** What a subscription needs of the host. */
export interface SubscriptionPorts {
  command(command: MulticastCommand): void;
  readonly tracer: Tracer;
  /** Messages are handed to the reader, stamped by the root at this wall time. */
  delivered(count: number, stampMs: number, trace: string | undefined): void;
  closed(): void;
}

/** What waits for the reader, and how many bytes of the window it holds. */
interface Waiting {
  readonly event: SubscriptionEvent;
  readonly bytes: number;
  /** From its arrival to being taken, when it is traced. */
  readonly span?: Span | undefined;
}

/** One subscription of a user of this node. What the reader takes opens the window for more; what he leaves closes it. */
export class HostSubscription implements MovableSubscription {
  readonly #id: SubscriptionId;
  readonly #ports: SubscriptionPorts;
  readonly #mailbox: Mailbox<Waiting>;
  readonly #offers = new Set<number>();
  /** What the reader is given next. */
  #nextUntaken: number | undefined;

  constructor(id: SubscriptionId, ports: SubscriptionPorts) {
    this.#id = id;
    this.#ports = ports;
    this.#mailbox = new Mailbox({
      max: WAITING_MAX,
      overflow: () => new OverlayError('SLOW', 'the subscriber does not read'),
      taken: (waiting) => this.#taken(waiting),
      closed: () => this.#closed(),
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SubscriptionEvent, void> {
    for await (const { event } of this.#mailbox) yield event;
  }

  /** True when this offer was made to it and not answered; then it is now. */
  takeOffer(offer: number): boolean {
    return this.#offers.delete(offer);
  }

  close(): void {
    this.#mailbox.close();
  }

  /** The subscription cannot go on. */
  fail(error: OverlayError): void {
    this.#mailbox.fail(error);
  }

  move(): void {
    const resume = this.#nextUntaken;
    if (resume === undefined) return this.#mailbox.cut(new OverlayError('STOPPING', 'the node leaves the ring'));
    this.#mailbox.cut(new OverlayError('MOVED', `the node leaves the ring; resume from sequence ${resume} elsewhere`, { sequence: String(resume) }));
  }

  /** An event of this subscription. */
  on(event: HostSubscriptionEvent): void {
    switch (event.type) {
      case 'subscribed':
        return this.#push({ type: 'subscribed', nextSequence: event.firstSequence, descriptor: event.descriptor.signature as multicast.SignedGroupDescriptor });
      case 'subscribeFailed':
        return this.fail(new OverlayError(REASON_OF_FAILURE[event.reason], MESSAGE_OF_FAILURE[event.reason]));
      case 'messages':
        return this.#messages(event.frame, event.from);
      case 'gap':
        return this.#push({ type: 'gap', from: event.from, to: event.to, reason: event.reason });
      case 'anycastOffer':
        this.#offers.add(event.offer);
        if (this.#offers.size > OFFERS_MAX) for (const oldest of this.#offers) return void this.#offers.delete(oldest);
        return this.#push({ type: 'anycast', offer: event.offer, payload: event.payload as Uint8Array, origin: event.origin });
      case 'detached':
        return this.#detached(event.sequence);
      case 'ended':
        return this.fail(new OverlayError('GROUP_DELETED', 'the group was deleted'));
    }
  }

  /** What waits is let go with the reader: he resumes where he was last given something. */
  #detached(sequence: number): void {
    const resume = String(this.#nextUntaken ?? sequence);
    this.#mailbox.cut(new OverlayError('SLOW', `the subscriber was too far behind for too long; resume from sequence ${resume}`, { sequence: resume }));
  }

  #messages(frame: StampedFrame, from: number): void {
    let sequence = frame.firstSequence;
    let unpaid = frame.bytes;
    for (const block of frame.blocks) {
      const firstSequence = Math.max(sequence, from);
      const next = sequence + block.count;
      if (firstSequence < next) {
        const isGivenUp = block.fragment?.count === 0;
        const payload = isGivenUp ? undefined : payloadFrom(block.payload as Uint8Array, firstSequence - sequence, block.count);
        // A publisher's node that says one count and packs another: its messages cannot be told apart.
        if (isGivenUp) this.#push({ type: 'aborted', sequence: firstSequence, publisher: publisherOf(block) }, block.bytes);
        else if (payload === undefined) this.#push({ type: 'gap', from: firstSequence, to: next, reason: 'DROPPED' }, block.bytes);
        else this.#push({ type: 'messages', firstSequence, count: next - firstSequence, payload, stampMs: frame.stampMs, ...(block.trace === undefined ? {} : { trace: block.trace }), ...fragmentOf(block) }, block.bytes);
        unpaid -= block.bytes;
      }
      sequence = next;
    }
    if (unpaid > 0) this.#consumed(unpaid);
  }

  #push(event: SubscriptionEvent, bytes = 0): void {
    this.#mailbox.push({ event, bytes, span: this.#spanOf(event) });
  }

  #taken({ event, bytes, span }: Waiting): void {
    if (bytes > 0) this.#consumed(bytes);
    if (event.type === 'anycast') return;
    this.#nextUntaken = nextAfter(event);
    if (event.type !== 'messages') return;
    this.#ports.delivered(event.count, event.stampMs, event.trace);
    if (span === undefined || event.trace === undefined) return;
    span.end();
    const attributes = { 'messaging.batch.message_count': event.count, 'banyan.sequence': event.firstSequence };
    this.#ports.tracer.start('multicast.deliver', { parent: span.traceparent, links: [event.trace], kind: 'consumer', attributes }).end();
  }

  /** `multicast.queue`: how long what is traced waits for its reader. */
  #spanOf(event: SubscriptionEvent): Span | undefined {
    if (event.type !== 'messages' || !this.#ports.tracer.isEnabled || !isSampled(event.trace)) return undefined;
    return this.#ports.tracer.start('multicast.queue', { parent: event.trace, attributes: { 'banyan.sequence': event.firstSequence } });
  }

  #consumed(bytes: number): void {
    this.#ports.command({ type: 'consumed', subscription: this.#id, bytes });
  }

  #closed(): void {
    this.#ports.command({ type: 'unsubscribe', subscription: this.#id });
    this.#ports.closed();
  }
}

function nextAfter(event: Exclude<SubscriptionEvent, { type: 'anycast' }>): number {
  switch (event.type) {
    case 'subscribed':
      return event.nextSequence;
    case 'messages':
      return event.firstSequence + event.count;
    case 'gap':
      return event.reason === 'OTHER_EPOCH' ? event.from : event.to;
    case 'aborted':
      return event.sequence + 1;
  }
}

function fragmentOf(block: Block): { readonly fragment?: PublishedFragment } {
  return block.fragment === undefined ? {} : { fragment: { ...block.fragment, publisher: publisherOf(block) } };
}

/** Tells sessions apart without telling who publishes. */
function publisherOf({ client, session }: Block): Uint8Array {
  return createHash('sha256').update(`${client}\n${session}`).digest().subarray(0, PUBLISHER_BYTES);
}

const REASON_OF_FAILURE: Readonly<Record<SubscribeFailure, Reason>> = {
  UNKNOWN_GROUP: 'GROUP_NOT_FOUND',
  GROUP_CLOSED: 'GROUP_DELETED',
  NO_ROOT: 'NOT_READY',
  TOO_MANY: 'BUSY',
};

const MESSAGE_OF_FAILURE: Readonly<Record<SubscribeFailure, string>> = {
  UNKNOWN_GROUP: 'nobody knows a group of that name',
  GROUP_CLOSED: 'the group was deleted',
  NO_ROOT: 'no root of the group is to be found',
  TOO_MANY: 'as many subscriptions are open as this node takes',
};
