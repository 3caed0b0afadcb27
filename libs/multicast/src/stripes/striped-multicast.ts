import { randomId, type Id } from '@banyan/ids';
import type { RoutingView } from '@banyan/kbr';
import { assert, earliest, type Bound, type Json, type Millis, type Rng } from '@banyan/sansio';
import type { MulticastCommand, MulticastEvent, SubscriptionId } from '../commands.ts';
import { LOCAL_CONFIG, type MulticastConfig } from '../config.ts';
import type { GroupDescriptor, Verified } from '../descriptor.ts';
import { Multicast } from '../multicast.ts';
import type { DropReason, MulticastEffect } from '../turn.ts';
import type { StripePort } from './port.ts';
import { dataStripes, isStriped, stripeCount, stripeDescriptor } from './stripe-groups.ts';
import { StripedReader } from './striped-reader.ts';
import { StripedSession } from './striped-session.ts';

type Input = Parameters<Multicast['handle']>[1];

/** Commands given to the trees in one turn; each event causes few. */
const COMMANDS_MAX = 100_000;

/**
 * Multicast with groups of several stripes. Every stripe is a group of its own to the machine below, with its own root and voters;
 * here a command of a user becomes commands to these trees, and what they tell becomes one event. Groups of one tree pass untouched.
 */
export class StripedMulticast extends Multicast implements StripePort {
  readonly #rng: Rng;
  readonly #config: MulticastConfig;
  readonly #readers = new Map<SubscriptionId, StripedReader>();
  readonly #windows = new Map<SubscriptionId, number>();
  /** Which reader reads by a subscription that this node gave itself. */
  readonly #readerOf = new Map<SubscriptionId, StripedReader>();
  readonly #sessions = new Map<string, StripedSession>();
  readonly #sessionOfParts = new Map<string, StripedSession>();
  /** Subscriptions that this node gives itself are below 0: its users' are above. */
  #nextOwn: SubscriptionId = -1;
  #now: Millis = 0;
  #commands: MulticastCommand[] = [];
  #out: MulticastEffect[] = [];

  constructor(view: RoutingView, rng: Rng, config: Partial<MulticastConfig> = {}) {
    super(view, rng, config);
    this.#rng = rng;
    this.#config = { ...LOCAL_CONFIG, ...config };
  }

  get now(): Millis {
    return this.#now;
  }

  command(command: MulticastCommand): void {
    if (command.type === 'unsubscribe') this.#readerOf.delete(command.subscription);
    this.#commands.push(command);
  }

  event(event: MulticastEvent): void {
    this.#out.push({ type: 'event', event });
  }

  drop(reason: DropReason): void {
    this.#out.push({ type: 'drop', reason, count: 1 });
  }

  override handle(now: Millis, input: Input): readonly MulticastEffect[] {
    if (this.#readers.size === 0 && this.#sessions.size === 0 && input.type !== 'command') return this.#watch(now, super.handle(now, input));
    this.#now = now;
    this.#out = [];
    if (input.type === 'command') this.#onCommand(input.command);
    else if (input.type !== 'tick' || (super.deadline() ?? Infinity) <= now) this.#take(super.handle(now, input));
    if (input.type === 'tick') for (const reader of this.#readers.values()) if ((reader.deadline() ?? Infinity) <= now) reader.tick();
    this.#settle(now);
    return this.#out;
  }

  override deadline(): Millis | undefined {
    let first = super.deadline();
    for (const reader of this.#readers.values()) first = earliest(first, reader.deadline());
    return first;
  }

  override bounds(): readonly Bound[] {
    return [
      ...super.bounds(),
      { name: 'striped sessions', size: this.#sessions.size, limit: this.#config.sessionsMax },
      ...[...this.#readers.values()].flatMap((reader) => reader.bounds()),
      ...[...this.#sessions.values()].flatMap((session) => session.bounds()),
    ];
  }

  override state(now: Millis): Json {
    const stripes = { readers: this.#readers.size, sessions: this.#sessions.size };
    return { ...(super.state(now) as { readonly [key: string]: Json }), stripes };
  }

  /** What a machine without striped groups tells goes out as it is, but a subscription may turn out to be of one. */
  #watch(now: Millis, effects: readonly MulticastEffect[]): readonly MulticastEffect[] {
    if (!effects.some((effect) => effect.type === 'event' && effect.event.type === 'subscribed')) return effects;
    this.#now = now;
    this.#out = [];
    this.#take(effects);
    this.#settle(now);
    return this.#out;
  }

  /** Gives the trees what is to be given, and what follows from that, until nothing does. */
  #settle(now: Millis): void {
    for (let given = 0; ; given++) {
      assert(given < COMMANDS_MAX, 'stripes come to rest within a turn');
      if (this.#commands.length === 0) this.#closeSessions();
      const command = this.#commands.shift();
      if (command === undefined) return;
      this.#take(super.handle(now, { type: 'command', command }));
    }
  }

  #onCommand(command: MulticastCommand): void {
    switch (command.type) {
      case 'open':
        this.#commands.push(command);
        // Stripes open by the first who joins or publishes, but somebody has to end them.
        if (command.descriptor.closed && isStriped(command.descriptor)) for (let index = 0; index < stripeCount(command.descriptor); index++) this.#commands.push({ type: 'open', descriptor: stripeDescriptor(command.descriptor, index) });
        return;
      case 'subscribe':
        this.#windows.set(command.subscription, command.windowBytes);
        this.#commands.push(command);
        return;
      case 'unsubscribe':
        this.#closeReader(command.subscription);
        this.#commands.push(command);
        return;
      case 'consumed': {
        const reader = this.#readers.get(command.subscription);
        if (reader === undefined) this.#commands.push(command);
        else reader.consumed(command.bytes);
        return;
      }
      case 'publish':
        return this.#publish(command);
      case 'publishEnd': {
        const session = this.#sessions.get(sessionKey(command));
        if (session === undefined) this.#commands.push(command);
        else session.end();
        return;
      }
      default:
        this.#commands.push(command);
    }
  }

  #publish(command: Extract<MulticastCommand, { type: 'publish' }>): void {
    const descriptor = command.descriptor ?? this.descriptorOf(command.group);
    const known = this.#sessions.get(sessionKey(command));
    if (known !== undefined) known.publish(command);
    // Who publishes to a group that he knows nothing of has his messages carried by the main tree.
    else if (descriptor === undefined || !isStriped(descriptor)) this.#commands.push(command);
    else if (this.#sessions.size >= this.#config.sessionsMax) {
      const { group, client, session, counter } = command;
      this.event({ type: 'publishFailed', group, client, session, counter, reason: 'TOO_MANY_SESSIONS' });
    } else this.#openSession(command, descriptor).publish(command);
  }

  #openSession(first: Extract<MulticastCommand, { type: 'publish' }>, descriptor: Verified<GroupDescriptor>): StripedSession {
    const partSession = randomId(this.#rng);
    const session = new StripedSession(this, this.#config, { first, descriptor, partSession, firstStripe: this.#rng.below(dataStripes(descriptor)) });
    this.#sessions.set(sessionKey(first), session);
    for (const group of session.stripes) this.#sessionOfParts.set(sessionKey({ group, client: first.client, session: partSession }), session);
    return session;
  }

  #closeSessions(): void {
    for (const [key, session] of this.#sessions) {
      if (!session.isOver) continue;
      this.#sessions.delete(key);
      for (const group of session.stripes) this.#sessionOfParts.delete(sessionKey({ group, client: session.client, session: session.partSession }));
      session.close();
    }
  }

  #closeReader(subscription: SubscriptionId): void {
    this.#windows.delete(subscription);
    this.#readers.get(subscription)?.close();
    this.#readers.delete(subscription);
  }

  #take(effects: readonly MulticastEffect[]): void {
    for (const effect of effects) if (effect.type !== 'event' || !this.#keeps(effect.event)) this.#out.push(effect);
  }

  /** True when the event was for the stripes of this node, and is not its users'. */
  #keeps(event: MulticastEvent): boolean {
    if ('session' in event) {
      const parts = this.#sessionOfParts.get(sessionKey(event));
      if (parts !== undefined) {
        parts.onPart(event.group, event);
        return true;
      }
      return this.#sessions.get(sessionKey(event))?.onMain(event) === false;
    }
    if ('subscription' in event) return event.subscription < 0 ? this.#onStripe(event) : this.#onMain(event);
    // A stripe that was closed here, or the answer for one.
    return (event.type === 'opened' && event.descriptor.stripe !== undefined) || (event.type === 'openFailed' && this.descriptorOf(event.group)?.stripe !== undefined);
  }

  #onStripe(event: Extract<MulticastEvent, { readonly subscription: SubscriptionId }>): boolean {
    const reader = this.#readerOf.get(event.subscription);
    const cursor = reader?.cursorOf(event.subscription);
    if (event.type === 'ended' || event.type === 'detached' || event.type === 'subscribeFailed' || cursor === undefined) this.#readerOf.delete(event.subscription);
    cursor?.on(event);
    reader?.pump();
    return true;
  }

  #onMain(event: Extract<MulticastEvent, { readonly subscription: SubscriptionId }>): boolean {
    const known = this.#readers.get(event.subscription);
    if (known !== undefined) {
      if (event.type !== 'subscribed') known.onMain(event);
      return event.type !== 'subscribed';
    }
    if (event.type === 'subscribeFailed' || event.type === 'ended') this.#windows.delete(event.subscription);
    if (event.type === 'subscribed' && isStriped(event.descriptor)) this.#openReader(event.subscription, event.descriptor);
    return false;
  }

  #openReader(subscription: SubscriptionId, descriptor: Verified<GroupDescriptor>): void {
    const newId = (): SubscriptionId => {
      const own = this.#nextOwn--;
      this.#readerOf.set(own, reader);
      return own;
    };
    const reader = new StripedReader(this, { subscription, descriptor, windowBytes: this.#windows.get(subscription) ?? 0, newId });
    this.#readers.set(subscription, reader);
    reader.open();
  }
}

function sessionKey(of: { readonly group: Id; readonly client: string; readonly session: string }): string {
  return `${of.group}\n${of.client}\n${of.session}`;
}
