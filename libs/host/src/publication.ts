import { OverlayError, type Reason } from '@banyan/grpc';
import type { Id } from '@banyan/ids';
import type { Fragment, GroupDescriptor, MulticastCommand, MulticastEvent, PublishRefusal, Verified } from '@banyan/multicast';
import type { Span, Tracer } from '@banyan/telemetry';
import { encodePayload } from '@banyan/wire';
import type { Publication, PublicationReceipt } from './contract.ts';
import { Mailbox } from './mailbox.ts';

/** Bytes without receipt in one session; below the machine's own window, so that it never has to refuse. */
export const UNRECEIPTED_BYTES_MAX = 8 * 1024 * 1024;
/** Batches without receipt in one session. */
const UNRECEIPTED_BATCHES_MAX = 1_000;
/** Bytes of one batch. */
export const BATCH_BYTES_MAX = 1024 * 1024;
/** Receipts that may wait for a publisher who reads none. */
const RECEIPTS_WAITING_MAX = 65_536;
/** A session that got no receipt for so long while no root or quorum is to be had has failed. */
const STALL_MS = 8_000;

/** The events of one session. */
export type PublicationEvent = Extract<MulticastEvent, { readonly session: string }>;

/** What a session needs of the host. */
export interface PublicationPorts {
  command(command: MulticastCommand): void;
  readonly tracer: Tracer;
  /** A batch got its receipt after so long. */
  receipted(ms: number, trace: string | undefined): void;
  closed(): void;
}

/** Whose session, in which group. */
export interface PublicationParts {
  readonly group: Id;
  readonly client: string;
  readonly session: string;
  readonly descriptor: Verified<GroupDescriptor> | undefined;
}

interface OpenBatch {
  readonly command: Extract<MulticastCommand, { readonly type: 'publish' }>;
  readonly givenAt: number;
  readonly span: Span;
}

/**
 * One publishing session of a user of this node: holds him back while too much has no receipt, and hands him receipts.
 * What was taken is sent until it has one; after a change of root the machine sends it again.
 */
export class HostPublication implements Publication {
  readonly session: string;
  readonly receipts: Mailbox<PublicationReceipt>;
  readonly #parts: PublicationParts;
  readonly #ports: PublicationPorts;
  readonly #open = new Map<number, OpenBatch>();
  readonly #blocked: OpenBatch[] = [];
  #nextCounter: number | undefined;
  #unreceiptedBytes = 0;
  #sending: Promise<void> = Promise.resolve();
  #roomFor: (() => void) | undefined;
  #ending: OverlayError | undefined;
  #stall: NodeJS.Timeout | undefined;

  constructor(parts: PublicationParts, ports: PublicationPorts) {
    this.session = parts.session;
    this.#parts = parts;
    this.#ports = ports;
    this.receipts = new Mailbox({
      max: RECEIPTS_WAITING_MAX,
      overflow: () => new OverlayError('SLOW', 'the publisher does not read its receipts'),
      closed: () => this.close(),
    });
  }

  get unreceiptedBytes(): number {
    return this.#unreceiptedBytes;
  }

  send(batch: Parameters<Publication['send']>[0]): Promise<void> {
    const sent = this.#sending.then(() => this.#send(batch));
    this.#sending = sent.catch(() => undefined); // the caller has the error; the next batch meets its own
    return sent;
  }

  close(): void {
    this.#end(new OverlayError('CANCELLED', 'the session was closed'));
    this.receipts.end();
  }

  /** The session cannot go on. */
  fail(error: OverlayError): void {
    this.receipts.fail(error);
    this.#end(error);
  }

  /** An event of this session. */
  on(event: PublicationEvent): void {
    switch (event.type) {
      case 'receipt':
        return this.#receipted(event);
      case 'publishBlocked': {
        const batch = this.#open.get(event.counter);
        return batch === undefined ? undefined : void this.#blocked.push(batch);
      }
      case 'publishReady':
        return this.#blocked.splice(0).forEach(({ command }) => this.#ports.command(command));
      case 'publishFailed':
        return this.fail(new OverlayError(REASON_OF_REFUSAL[event.reason], `the batch with counter ${event.counter} was not taken`, { counter: String(event.counter) }));
      case 'publishStalled':
        return this.#stalled(event.reason);
    }
  }

  async #send({ counter, messages, trace, fragment }: Parameters<Publication['send']>[0]): Promise<void> {
    if (this.#ending !== undefined) throw this.#ending;
    if (messages.length === 0) throw new OverlayError('REQUEST_INVALID', 'a batch holds at least one message', { field: 'messages' });
    if (!Number.isSafeInteger(counter) || counter < 1 || (this.#nextCounter !== undefined && counter > this.#nextCounter)) {
      throw new OverlayError('BATCH_OUT_OF_ORDER', `counter ${counter} does not follow: ${this.#nextCounter ?? 1} is next`, { expected: String(this.#nextCounter ?? 1) });
    }
    if (fragment !== undefined && messages.length !== 1) throw new OverlayError('REQUEST_INVALID', 'a part of a large message is a batch of its own', { field: 'fragment' });
    const payload = encodePayload(messages);
    if (payload.length > BATCH_BYTES_MAX) throw new OverlayError('MESSAGE_TOO_LARGE', `the batch has ${payload.length} bytes, at most ${BATCH_BYTES_MAX}`, { bytesMax: String(BATCH_BYTES_MAX) });
    if (this.#open.has(counter)) return; // a retry of what is on its way
    await this.#room(payload.length);
    this.#give({ counter, count: messages.length, payload, trace, fragment });
  }

  #give({ counter, count, payload, trace, fragment }: { readonly counter: number; readonly count: number; readonly payload: Uint8Array; readonly trace: string | undefined; readonly fragment: Fragment | undefined }): void {
    const { group, client, session, descriptor } = this.#parts;
    const attributes = { 'banyan.group': group, 'messaging.batch.message_count': count, 'messaging.message.body.size': payload.length };
    const span = this.#ports.tracer.start('multicast.publish', { parent: trace, kind: 'producer', attributes });
    const carried = span.traceparent ?? trace;
    const command: OpenBatch['command'] = {
      type: 'publish',
      group,
      client,
      session,
      counter,
      count,
      payload,
      bytes: payload.length,
      ...(carried === undefined ? {} : { trace: carried }),
      ...(descriptor === undefined ? {} : { descriptor }),
      ...(fragment === undefined ? {} : { fragment }),
    };
    this.#open.set(counter, { command, givenAt: performance.now(), span });
    this.#unreceiptedBytes += payload.length;
    this.#nextCounter = Math.max(this.#nextCounter ?? 1, counter + count);
    this.#ports.command(command);
  }

  async #room(bytes: number): Promise<void> {
    const isFull = (): boolean => this.#open.size > 0 && (this.#unreceiptedBytes + bytes > UNRECEIPTED_BYTES_MAX || this.#open.size >= UNRECEIPTED_BATCHES_MAX);
    while (isFull() && this.#ending === undefined) await new Promise<void>((resolve) => (this.#roomFor = resolve));
    if (this.#ending !== undefined) throw this.#ending;
  }

  #receipted({ counter, count, firstSequence }: Extract<PublicationEvent, { readonly type: 'receipt' }>): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
    const batch = this.#open.get(counter);
    if (batch !== undefined) {
      this.#open.delete(counter);
      this.#unreceiptedBytes -= batch.command.bytes;
      this.#ports.receipted(performance.now() - batch.givenAt, batch.span.traceparent);
      batch.span.end({ attributes: { 'banyan.sequence': firstSequence } });
    }
    this.receipts.push({ counter, count, firstSequence });
    this.#roomFor?.();
  }

  #stalled(reason: 'NO_QUORUM' | 'NO_ROOT'): void {
    const why = reason === 'NO_QUORUM' ? 'too few voters of the group are reachable' : 'no root of the group is to be found';
    this.#stall ??= setTimeout(() => this.fail(new OverlayError('NO_QUORUM', why, {}, { retryAfterMs: 5_000 })), STALL_MS).unref();
  }

  #end(error: OverlayError): void {
    if (this.#ending !== undefined) return;
    this.#ending = error;
    clearTimeout(this.#stall);
    for (const { span } of this.#open.values()) span.end({ error: error.reason });
    const { group, client, session } = this.#parts;
    this.#ports.command({ type: 'publishEnd', group, client, session });
    this.#ports.closed();
    this.#roomFor?.();
  }
}

const REASON_OF_REFUSAL: Readonly<Record<Exclude<PublishRefusal, 'NO_QUORUM'>, Reason>> = {
  UNKNOWN_GROUP: 'GROUP_NOT_FOUND',
  GROUP_CLOSED: 'GROUP_DELETED',
  RECEIPT_UNKNOWN: 'RECEIPT_UNKNOWN',
  COUNTER_GAP: 'BATCH_OUT_OF_ORDER',
  TOO_MANY_SESSIONS: 'BUSY',
  MESSAGE_ABORTED: 'MESSAGE_ABORTED',
};
