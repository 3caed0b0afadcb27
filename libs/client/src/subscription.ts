import { OverlayError, parseStatus } from '@banyan/grpc';
import { multicast } from '@banyan/proto';
import { ask, atAddress, messagesOf } from './ask.ts';
import { LargeMessages, type ToldEvent } from './large-messages.ts';
import { movedAway } from './moved.ts';
import type { NodePool } from './node-pool.ts';
import { Patience, type Reconnect } from './patience.ts';
import { optionalRingNode, type RingNode } from './ring-node.ts';
import { policyMessage, type SlowPolicy } from './slow-reader.ts';
import type { GapCause, SubscriptionEvent } from './subscription-event.ts';

/**
 * Where a subscription starts: the last message and what follows, the oldest retained, a sequence, the last n, or what was
 * numbered at a wall time (ms since 1970) or later.
 */
export type SubscriptionStart =
  | { readonly type: 'latest' }
  | { readonly type: 'first' }
  | { readonly type: 'sequence'; readonly sequence: bigint }
  | { readonly type: 'last'; readonly count: bigint }
  | { readonly type: 'time'; readonly timeMs: number };

/** How to subscribe. */
export interface SubscribeOptions {
  /** By default `latest`. */
  readonly start?: SubscriptionStart;
  /**
   * What becomes of this subscription when it is read too slowly: `drop-oldest` (by default) tells what outlived the group's
   * retention as a gap; `detach` and `block` are cut off after the group's patience and go on by themselves from where they
   * were; for `block`, which needs the scope `subscribe:GROUP:block`, publishers are held meanwhile.
   */
  readonly slow?: SlowPolicy;
  /**
   * Makes this subscriber one of those to whom anycasts of the group are offered: the reply takes it, undefined passes, and so
   * does who throws or thinks for over a second. Offers come while the subscription is read, and may come more than once.
   */
  readonly answer?: (payload: Uint8Array, from: RingNode | undefined) => Promise<Uint8Array | undefined> | Uint8Array | undefined;
  /** The group's signed descriptor, for nodes that cannot ask the tree builder. */
  readonly descriptor?: multicast.SignedGroupDescriptor;
  /** Told when the node was lost and the subscription goes on at another, from the next sequence. */
  readonly onReconnect?: (reconnect: Reconnect) => void;
}

// A node that has not grafted us by then is not going to, or is stopped.
const GRAFT_TIMEOUT_MS = 15_000;

type Responses = AsyncGenerator<multicast.SubscribeResponse, void, void>;

/**
 * A subscription to one group. Iterate it once: each step takes what came next, and as long as no step is taken the node
 * holds back for this subscriber alone. When the node is lost it goes on at another from the next sequence: every message
 * comes once and in order, or a gap says which do not come. It ends with `close`, or by throwing what it cannot mend.
 */
export class Subscription implements AsyncIterable<SubscriptionEvent>, AsyncDisposable {
  readonly group: string;
  readonly #pool: NodePool;
  readonly #options: SubscribeOptions;
  readonly #patience: Patience;
  readonly #abort = new AbortController();
  #responses: Responses | undefined;
  #cancel: () => void = () => undefined;
  #address = '';
  #api: multicast.MulticastServiceClient | undefined;
  readonly #large = new LargeMessages();
  #nextSequence: bigint | undefined;
  #descriptor: multicast.SignedGroupDescriptor | undefined;

  private constructor(pool: NodePool, group: string, patienceMs: number, options: SubscribeOptions) {
    this.#pool = pool;
    this.group = group;
    this.#options = options;
    this.#descriptor = options.descriptor;
    this.#patience = new Patience(patienceMs);
    pool.closed.addEventListener('abort', () => void this.close(), { signal: this.#abort.signal });
  }

  /** Subscribes to `group`; resolves when the graft is acknowledged. */
  static async open(pool: NodePool, group: string, patienceMs: number, options: SubscribeOptions): Promise<Subscription> {
    const subscription = new Subscription(pool, group, patienceMs, options);
    await subscription.#connect();
    return subscription;
  }

  /** The sequence that comes next. */
  get nextSequence(): bigint {
    return this.#nextSequence ?? 0n;
  }

  /** From where another subscription has to start to miss nothing: before the first part of what is not whole yet. */
  get resumeSequence(): bigint {
    return this.#large.firstOpen ?? this.nextSequence;
  }

  /** The node that serves the subscription, `host:port`. */
  get address(): string {
    return this.#address;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SubscriptionEvent, void, void> {
    try {
      while (!this.#abort.signal.aborted) {
        try {
          yield* this.#take();
        } catch (error) {
          if (this.#abort.signal.aborted) return;
          await this.#recover(parseStatus(error)).catch((final: unknown) => {
            if (!this.#abort.signal.aborted) throw final;
          });
        }
      }
    } finally {
      await this.close();
    }
  }

  /** Ends the subscription. */
  async close(): Promise<void> {
    this.#abort.abort();
    this.#cancel(); // a step under way ends now, so that the generator can be ended
    await this.#responses?.return();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Events of the stream at hand; throws when it ends, because nothing but `close` ends a subscription. */
  async *#take(): AsyncGenerator<SubscriptionEvent, void, void> {
    for (;;) {
      const next = await this.#responses?.next();
      if (next === undefined || next.done === true) throw new OverlayError('STOPPING', `${this.#address} ended the stream`);
      if (next.value.response?.$case === 'anycast') void this.#answer(next.value.response.value);
      if (next.value.response?.$case === 'moved') {
        this.#cancel(); // the node waits for that
        throw movedAway(this.#pool, this.#address, next.value.response.value);
      }
      const event = eventOf(next.value);
      if (event === undefined) continue;
      this.#patience.progress();
      for (const told of this.#inOrder(event)) yield* this.#large.take(told);
    }
  }

  /** Answers in its own time: messages do not wait for it. An answer that comes too late is for nothing. */
  async #answer({ offer, payload, origin }: multicast.AnycastOffer): Promise<void> {
    const [api, address] = [this.#api, this.#address];
    if (api === undefined) return;
    const reply = await Promise.resolve(this.#options.answer?.(payload, optionalRingNode(origin))).catch(() => undefined);
    const request = { group: this.group, offer, accept: reply !== undefined, reply: Buffer.from(reply ?? []) };
    await ask(address, api.answerAnycast.bind(api), request).catch(() => undefined);
  }

  /** Drops what came before, and tells a gap where the node left one untold. */
  *#inOrder(event: ToldEvent): Generator<ToldEvent, void, void> {
    const expected = this.#nextSequence ?? event.firstSequence;
    if (event.type === 'gap' && event.cause === 'otherEpoch' && event.firstSequence < expected) {
      // Those sequences come anew, as the other messages that bear them now.
      this.#nextSequence = event.firstSequence;
      yield event;
      return;
    }
    if (event.firstSequence > expected) {
      yield this.#advance({ type: 'gap', firstSequence: expected, lastSequence: event.firstSequence - 1n, cause: 'unknown' });
    }
    const fresh = without(event, expected);
    if (fresh !== undefined) yield this.#advance(fresh);
  }

  #advance(event: ToldEvent): ToldEvent {
    this.#nextSequence = lastSequenceOf(event) + 1n;
    return event;
  }

  async #recover(error: OverlayError): Promise<void> {
    let last = error;
    for (;;) {
      const lost = this.#address;
      this.#pool.moveOn(lost);
      await this.#patience.waitAfter(last, this.#abort.signal);
      if (this.#abort.signal.aborted) throw new OverlayError('CANCELLED', 'the subscription was closed');
      try {
        await this.#connectOnce();
        this.#options.onReconnect?.({ lost, error: last, attempt: this.#patience.attempts });
        return;
      } catch (failure) {
        last = parseStatus(failure);
      }
    }
  }

  async #connect(): Promise<void> {
    try {
      await this.#connectOnce();
    } catch (error) {
      await this.#recover(parseStatus(error));
    }
  }

  async #connectOnce(): Promise<void> {
    const { address, multicast: api } = this.#pool.current;
    this.#address = address;
    this.#api = api;
    const start: SubscriptionStart = this.#nextSequence === undefined ? (this.#options.start ?? { type: 'latest' }) : { type: 'sequence', sequence: this.#nextSequence };
    const call = api.subscribe({ group: this.group, start: startMessage(start), descriptor: this.#descriptor, slowPolicy: policyMessage(this.#options.slow), answersAnycasts: this.#options.answer !== undefined });
    this.#responses = messagesOf(address, call);
    this.#cancel = () => call.cancel();
    const silence = setTimeout(() => call.destroy(atAddress(new OverlayError('TIMEOUT', 'no graft'), address)), GRAFT_TIMEOUT_MS);
    try {
      const first = await this.#responses.next();
      const response = first.done === true ? undefined : first.value.response;
      if (response?.$case !== 'subscribed') throw new OverlayError('INTERNAL', `${address} did not acknowledge the graft first`);
      // After a resume the sequence we wait for stands: if the node starts later, that is a gap to be told.
      this.#nextSequence ??= response.value.nextSequence;
      this.#descriptor = response.value.descriptor ?? this.#descriptor;
    } finally {
      clearTimeout(silence);
    }
  }
}

function startMessage(start: SubscriptionStart): multicast.Start {
  switch (start.type) {
    case 'latest':
      return { start: { $case: 'latest', value: true } };
    case 'first':
      return { start: { $case: 'first', value: true } };
    case 'sequence':
      return { start: { $case: 'sequence', value: start.sequence } };
    case 'last':
      return { start: { $case: 'last', value: start.count } };
    case 'time':
      return { start: { $case: 'timeMs', value: BigInt(Math.floor(start.timeMs)) } };
  }
}

function eventOf({ response }: multicast.SubscribeResponse): ToldEvent | undefined {
  switch (response?.$case) {
    case 'messages': {
      const { firstSequence, messages, stampMs, fragment } = response.value;
      if (messages.length === 0) return undefined;
      return { type: 'messages', firstSequence, messages, stampMs: Number(stampMs), ...(fragment === undefined ? {} : { fragment: { ...fragment, publisher: hex(fragment.publisher) } }) };
    }
    case 'gap': {
      const { firstSequence, lastSequence, reason, publisher } = response.value;
      if (reason === multicast.GapReason.ABORTED) return { type: 'aborted', firstSequence, publisher: hex(publisher ?? new Uint8Array()) };
      return { type: 'gap', firstSequence, lastSequence, cause: gapCauses.get(reason) ?? 'unknown' };
    }
    default:
      return undefined;
  }
}

const gapCauses: ReadonlyMap<multicast.GapReason, GapCause> = new Map<multicast.GapReason, GapCause>([
  [multicast.GapReason.EXPIRED, 'expired'],
  [multicast.GapReason.OTHER_EPOCH, 'otherEpoch'],
  [multicast.GapReason.LOST_STATE, 'lostState'],
  [multicast.GapReason.DROPPED, 'dropped'],
]);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function lastSequenceOf(event: ToldEvent): bigint {
  if (event.type === 'aborted') return event.firstSequence;
  return event.type === 'gap' ? event.lastSequence : event.firstSequence + BigInt(event.messages.length) - 1n;
}

/** The part of `event` from sequence `first` on; undefined when nothing is left. */
function without(event: ToldEvent, first: bigint): ToldEvent | undefined {
  if (lastSequenceOf(event) < first) return undefined;
  if (event.firstSequence >= first) return event;
  if (event.type !== 'messages') return { ...event, firstSequence: first };
  return { ...event, firstSequence: first, messages: event.messages.slice(Number(first - event.firstSequence)) };
}
