import type { Application, Downcall, Envelope, NodeHandle, RoutingView, Upcall } from '@banyan/kbr';
import { assertNever, DueTimes, type Json, type Millis } from '@banyan/sansio';
import { Forwards, type Forwarded, type ForwardedMessage } from './forwards.ts';
import type { AttachedBody, AttachedCommand, AttachedEvent } from './messages.ts';

/** Applications attached at once; at the bound an `attach` is refused. */
export const ATTACHED_MAX = 64;
/** Routed payloads that wait for the root's answer; at the bound a new one fails at once. */
export const ROUTES_OPEN_MAX = 4_096;
/** Without an answer for so long nobody knows; hop delivery has repeated what got lost on the way by then. */
export const ROUTE_ANSWER_MS: Millis = 15_000;

type AttachedInput = Upcall<AttachedBody> | { readonly type: 'command'; readonly command: AttachedCommand };
type AttachedEffect = Downcall<AttachedBody> | { readonly type: 'event'; readonly event: AttachedEvent };
type Routed = Extract<AttachedBody, { readonly type: 'message' }>;
type Answer = Extract<AttachedBody, { readonly type: 'answer' }>;

/**
 * Applications that live outside this process: they attach under a name, route payloads to keys, and are told what is
 * delivered here and how the leaf set changes; who asks for it is offered what passes through. The root, or who stopped it,
 * tells whoever routed a payload what became of it; it is routed once, so that it is delivered at most once.
 */
export class Attached implements Application<AttachedBody, AttachedCommand, AttachedEvent> {
  readonly intercepts = true;
  readonly #view: RoutingView;
  readonly #names = new Set<string>();
  readonly #open = new DueTimes<number>();
  readonly #forwards: Forwards;

  constructor(view: RoutingView) {
    this.#view = view;
    this.#forwards = new Forwards(view);
  }

  deadline(): Millis | undefined {
    const next = Math.min(this.#open.next(), this.#forwards.next());
    return next === Infinity ? undefined : next;
  }

  handle(now: Millis, input: AttachedInput): readonly AttachedEffect[] {
    switch (input.type) {
      case 'command':
        return this.#obey(now, input.command);
      case 'deliver':
        return isMessage(input.envelope) ? this.#deliver(input.envelope) : [];
      case 'direct':
        return input.body.type === 'answer' ? this.#answered(input.from, input.body) : [];
      case 'leafSetChanged': {
        const { gained, lost, merged } = input;
        return [...this.#names].map((application) => event({ type: 'leafSetChanged', application, gained, lost, merged }));
      }
      case 'forward':
        return this.#onForward(now, input.envelope, input.nextHop);
      case 'tick':
        return this.#tick(now);
      case 'readyChanged':
      case 'peerDead':
      case 'linkUp':
      case 'linkDown':
      case 'frame':
        return [];
      default:
        return assertNever(input);
    }
  }

  state(): Json {
    return { names: [...this.#names].sort(), open: this.#open.size, forwards: this.#forwards.state() };
  }

  #obey(now: Millis, command: AttachedCommand): readonly AttachedEffect[] {
    switch (command.type) {
      case 'attach':
        return [event(this.#attach(command.name))];
      case 'detach':
        this.#names.delete(command.name);
        return this.#forwards.ask(command.name, []).flatMap((each) => this.#goOn(each));
      case 'askForwards':
        return this.#names.has(command.name) ? this.#forwards.ask(command.name, command.prefixes).flatMap((each) => this.#goOn(each)) : [];
      case 'answerForward':
        return this.#onDecision(command);
      case 'route':
        return [this.#route(now, command)];
      default:
        return assertNever(command);
    }
  }

  #tick(now: Millis): readonly AttachedEffect[] {
    const unanswered = this.#open.takeDue(now).map((requestId) => event({ type: 'routeFailed', requestId, reason: 'timeout' }));
    return [...unanswered, ...this.#forwards.takeDue(now).flatMap((each) => this.#goOn(each))];
  }

  #onForward(now: Millis, envelope: Envelope<AttachedBody>, nextHop: NodeHandle): readonly AttachedEffect[] {
    const goOn: AttachedEffect = { type: 'resume', envelope, nextHop };
    if (!isMessage(envelope) || !this.#forwards.concerns(envelope.body.application, envelope.key)) return [goOn];
    const offer = this.#forwards.offer(now, envelope, nextHop);
    return offer === undefined ? [event({ type: 'forwarded', application: envelope.body.application, outcome: 'app_full' }), goOn] : [event(offer)];
  }

  #onDecision({ name, forwardId, decision }: Extract<AttachedCommand, { readonly type: 'answerForward' }>): readonly AttachedEffect[] {
    const forwarded = this.#forwards.answer(name, forwardId, decision);
    if (forwarded === undefined) return [event({ type: 'answerRefused', application: name, forwardId, reason: 'unknown_forward' })];
    const effects = this.#goOn(forwarded);
    return forwarded.outcome === 'refused' ? [event({ type: 'answerRefused', application: name, forwardId, reason: 'no_progress' }), ...effects] : effects;
  }

  #goOn({ application, outcome, envelope, nextHop }: Forwarded): readonly AttachedEffect[] {
    const counted = event({ type: 'forwarded', application, outcome });
    if (outcome === 'stopped') return [counted, ...this.#tellOrigin(envelope, { delivered: false, stopped: true })];
    return [counted, nextHop === undefined ? { type: 'resume', envelope } : { type: 'resume', envelope, nextHop }];
  }

  #route(now: Millis, { requestId, application, key, payload, explain, trace }: Extract<AttachedCommand, { readonly type: 'route' }>): AttachedEffect {
    if (this.#open.size >= ROUTES_OPEN_MAX) return event({ type: 'routeFailed', requestId, reason: 'too_many_requests' });
    this.#open.set(requestId, now + ROUTE_ANSWER_MS);
    const body: Routed = { type: 'message', requestId, application, payload };
    return { type: 'route', key, body, explain: explain === true, ...(trace === undefined ? {} : { trace }) };
  }

  #attach(name: string): AttachedEvent {
    if (this.#names.has(name)) return { type: 'refused', name, reason: 'already_attached' };
    if (this.#names.size >= ATTACHED_MAX) return { type: 'refused', name, reason: 'too_many_applications' };
    this.#names.add(name);
    return { type: 'attached', name };
  }

  #deliver(envelope: ForwardedMessage): readonly AttachedEffect[] {
    const { hops, key, origin, trace } = envelope;
    const { application, payload } = envelope.body;
    const delivered = this.#names.has(application);
    const told = this.#tellOrigin(envelope, { delivered, stopped: false });
    if (!delivered) return [{ type: 'drop', reason: 'no_application', count: 1 }, ...told];
    return [event({ type: 'deliver', application, key, payload, origin, hops, ...(trace === undefined ? {} : { trace }) }), ...told];
  }

  #tellOrigin({ body, hops, origin, record }: ForwardedMessage, outcome: Pick<Answer, 'delivered' | 'stopped'>): readonly AttachedEffect[] {
    const answer: Answer = { type: 'answer', requestId: body.requestId, ...outcome, hops, ...(record === undefined ? {} : { record }) };
    return origin.id === this.#view.self.id ? this.#answered(this.#view.self, answer) : [{ type: 'direct', to: origin, body: answer }];
  }

  #answered(root: NodeHandle, { requestId, delivered, stopped, hops, record }: Answer): readonly AttachedEffect[] {
    if (!this.#open.has(requestId)) return [];
    this.#open.delete(requestId);
    if (stopped) return [event({ type: 'routeFailed', requestId, reason: 'stopped' })];
    if (!delivered) return [event({ type: 'routeFailed', requestId, reason: 'no_application' })];
    return [event({ type: 'routed', requestId, root, hops, ...(record === undefined ? {} : { record }) })];
  }
}

function isMessage(envelope: Envelope<AttachedBody>): envelope is ForwardedMessage {
  return envelope.body.type === 'message';
}

function event(told: AttachedEvent): AttachedEffect {
  return { type: 'event', event: told };
}
