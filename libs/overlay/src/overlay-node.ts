import type { Downcall, Routing, RoutingEffect, RoutingInput, RoutingView, Upcall } from '@banyan/kbr';
import type { PastryMessage } from '@banyan/pastry';
import { assert, assertNever, type Json, type Machine, type Millis } from '@banyan/sansio';
import type { AnyApplication, Applications, OverlayEffect, OverlayInput } from './contract.ts';

/** Effects handed from one machine to another within one turn; a parking that empties is the longest honest turn. */
const STEPS_MAX = 100_000;

/** An effect of routing that an application is to hear of. */
type Upward = Extract<RoutingEffect, { readonly type: 'deliver' | 'forward' | 'leafSetChanged' | 'readyChanged' | 'peerDead' }>;
/** An effect of an application that routing is to act upon. */
type Downward = Extract<Downcall<unknown, unknown>, { readonly type: 'route' | 'resume' | 'suspect' }>;

interface Turn<A extends Applications, Message> {
  readonly now: Millis;
  readonly out: OverlayEffect<A, Message>[];
  /** What is still to be handed on, in order. */
  readonly pending: ({ readonly app: undefined; readonly effect: Upward } | { readonly app: string; readonly effect: Downward })[];
}

/**
 * The stairs of one node: routing below, applications above, each unaware of the others. An upcall goes to the application
 * its envelope names (what concerns the whole node goes to all of them), a downcall goes to routing or straight to the shell,
 * all in the turn of the input that caused it. Bodies and frames pass unread; adding an application changes no line here.
 */
export class OverlayNode<A extends Applications, Message = PastryMessage> implements Machine<OverlayInput<A, Message>, OverlayEffect<A, Message>> {
  readonly #routing: Routing<Message>;
  readonly #applications: ReadonlyMap<string, AnyApplication>;
  /** When this node next wants a tick; shells ask several times a turn, machines change only in one. */
  #dueAt: Millis | undefined;
  #isDueKnown = false;
  /** One machine's tick may make something due at once in another that had its tick before: a millisecond later. */
  #restUntil: Millis = 0;

  constructor(routing: Routing<Message>, applications: A) {
    this.#routing = routing;
    this.#applications = new Map(Object.entries(applications));
  }

  /** What the shell may read of routing, between turns. */
  get view(): RoutingView {
    return this.#routing.view;
  }

  deadline(): Millis | undefined {
    if (!this.#isDueKnown) {
      this.#dueAt = this.#earliest();
      this.#isDueKnown = true;
    }
    return this.#dueAt;
  }

  #earliest(): Millis | undefined {
    let first = this.#routing.deadline();
    for (const application of this.#applications.values()) {
      const deadline = application.deadline();
      if (deadline !== undefined && (first === undefined || deadline < first)) first = deadline;
    }
    return first === undefined ? undefined : Math.max(first, this.#restUntil);
  }

  handle(now: Millis, input: OverlayInput<A, Message>): readonly OverlayEffect<A, Message>[] {
    const turn: Turn<A, Message> = { now, out: [], pending: [] };
    this.#isDueKnown = false;
    this.#enter(turn, input);
    for (let step = 0; step < turn.pending.length; step++) {
      assert(step < STEPS_MAX, 'no two machines hand one message back and forth');
      const next = turn.pending[step];
      if (next?.app === undefined) this.#goUp(turn, next?.effect);
      else this.#goDown(turn, next.app, next.effect);
    }
    if (input.type === 'tick') this.#restUntil = now + 1;
    return turn.out;
  }

  state(now: Millis): Json {
    const applications = [...this.#applications].map(([name, application]) => [name, application.state(now)] as const);
    return { routing: this.#routing.state(now), applications: Object.fromEntries(applications) };
  }

  #enter(turn: Turn<A, Message>, input: OverlayInput<A, Message>): void {
    switch (input.type) {
      case 'tick':
        return this.#tick(turn);
      case 'message':
      case 'join':
      case 'leave':
      case 'suspect':
      case 'stalled':
        return this.#route(turn, input);
      case 'command':
        return this.#tell(turn, input.app, { type: 'command', command: input.command });
      case 'direct':
        return this.#tell(turn, input.app, { type: 'direct', from: input.from, body: input.body });
      case 'linkUp':
        return this.#tell(turn, input.app, { type: 'linkUp', peer: input.peer, link: input.link, dialled: input.dialled });
      case 'linkDown':
        return this.#tell(turn, input.app, { type: 'linkDown', peer: input.peer, link: input.link, dialled: input.dialled });
      case 'frame':
        return this.#tell(turn, input.app, { type: 'frame', from: input.from, link: input.link, frame: input.frame });
      default:
        return assertNever(input);
    }
  }

  // Only machines whose time has come get a tick.
  #tick(turn: Turn<A, Message>): void {
    if ((this.#routing.deadline() ?? Infinity) <= turn.now) this.#route(turn, { type: 'tick' });
    for (const [name, application] of this.#applications) {
      if ((application.deadline() ?? Infinity) <= turn.now) this.#tell(turn, name, { type: 'tick' });
    }
  }

  #goUp(turn: Turn<A, Message>, effect: Upward | undefined): void {
    switch (effect?.type) {
      case 'deliver':
        return this.#deliver(turn, effect);
      case 'forward':
        if (this.#applications.get(effect.envelope.app)?.intercepts === true) return this.#tell(turn, effect.envelope.app, effect);
        return this.#route(turn, { type: 'resume', envelope: effect.envelope, nextHop: effect.nextHop });
      case 'leafSetChanged':
      case 'readyChanged':
      case 'peerDead':
        for (const name of this.#applications.keys()) this.#tell(turn, name, effect);
        return;
      case undefined:
        return;
      default:
        return assertNever(effect);
    }
  }

  #deliver(turn: Turn<A, Message>, effect: Extract<Upward, { readonly type: 'deliver' }>): void {
    const { app, key, hops, trace } = effect.envelope;
    if (!this.#applications.has(app)) return void turn.out.push({ type: 'drop', reason: 'no_application', count: 1 });
    turn.out.push({ type: 'delivered', app, key, hops, ...(trace === undefined ? {} : { trace }) });
    this.#tell(turn, app, effect);
  }

  #goDown(turn: Turn<A, Message>, app: string, effect: Downward): void {
    if (effect.type === 'route') this.#route(turn, { ...effect, app });
    else this.#route(turn, effect);
  }

  // Feeds routing; what is the shell's goes out, what is the applications' waits for its step.
  #route(turn: Turn<A, Message>, input: RoutingInput<Message>): void {
    for (const effect of this.#routing.handle(turn.now, input)) {
      switch (effect.type) {
        case 'deliver':
        case 'forward':
          turn.pending.push({ app: undefined, effect });
          break;
        case 'leafSetChanged':
        case 'readyChanged':
        case 'peerDead':
          turn.pending.push({ app: undefined, effect });
          turn.out.push(effect);
          break;
        default:
          turn.out.push(effect);
      }
    }
  }

  // Feeds an application; what is the shell's goes out under its name, what is routing's waits for its step.
  #tell(turn: Turn<A, Message>, app: string, input: Upcall<unknown, unknown> | { readonly type: 'command'; readonly command: unknown }): void {
    const application = this.#applications.get(app);
    if (application === undefined) return void turn.out.push({ type: 'drop', reason: 'no_application', count: 1 });
    for (const effect of application.handle(turn.now, input)) {
      switch (effect.type) {
        case 'route':
        case 'resume':
        case 'suspect':
          turn.pending.push({ app, effect });
          break;
        case 'peerFault':
        case 'drop':
          turn.out.push(effect);
          break;
        default:
          turn.out.push(named(app, effect));
      }
    }
  }
}

type Named = Exclude<Downcall<unknown, unknown>, Downward | { readonly type: 'peerFault' | 'drop' }> | { readonly type: 'event'; readonly event: unknown };

// The one place where the types of an application's effects are lost and found again: `app` says whose they are.
function named<A extends Applications, Message>(app: string, effect: Named): OverlayEffect<A, Message> {
  const owned = effect.type === 'direct' ? { ...effect, type: 'sendDirect' as const, app } : { ...effect, app };
  return owned as unknown as OverlayEffect<A, Message>;
}
