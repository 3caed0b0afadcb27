import type { Application, Downcall, Envelope, NodeHandle, RoutingView, Upcall } from '@banyan/kbr';
import { assertNever, DueTimes, type Json, type Millis } from '@banyan/sansio';
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
 * delivered here and how the leaf set changes. The root tells whoever routed a payload what became of it; it is routed
 * once, so that it is delivered at most once.
 */
export class Attached implements Application<AttachedBody, AttachedCommand, AttachedEvent> {
  readonly intercepts = false;
  readonly #view: RoutingView;
  readonly #names = new Set<string>();
  readonly #open = new DueTimes<number>();

  constructor(view: RoutingView) {
    this.#view = view;
  }

  deadline(): Millis | undefined {
    const next = this.#open.next();
    return next === Infinity ? undefined : next;
  }

  handle(now: Millis, input: AttachedInput): readonly AttachedEffect[] {
    switch (input.type) {
      case 'command':
        return this.#obey(now, input.command);
      case 'deliver':
        return input.envelope.body.type === 'message' ? this.#deliver(input.envelope, input.envelope.body) : [];
      case 'direct':
        return input.body.type === 'answer' ? this.#answered(input.from, input.body) : [];
      case 'leafSetChanged': {
        const { gained, lost, merged } = input;
        return [...this.#names].map((application) => event({ type: 'leafSetChanged', application, gained, lost, merged }));
      }
      case 'forward':
        return [{ type: 'resume', envelope: input.envelope, nextHop: input.nextHop }];
      case 'tick':
        return this.#open.takeDue(now).map((requestId) => event({ type: 'routeFailed', requestId, reason: 'timeout' }));
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
    return { names: [...this.#names].sort(), open: this.#open.size };
  }

  #obey(now: Millis, command: AttachedCommand): readonly AttachedEffect[] {
    switch (command.type) {
      case 'attach':
        return [event(this.#attach(command.name))];
      case 'detach':
        this.#names.delete(command.name);
        return [];
      case 'route':
        return [this.#route(now, command)];
      default:
        return assertNever(command);
    }
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

  #deliver({ hops, key, origin, record, trace }: Envelope<AttachedBody>, { requestId, application, payload }: Routed): readonly AttachedEffect[] {
    const delivered = this.#names.has(application);
    const answer: Answer = { type: 'answer', requestId, delivered, hops, ...(record === undefined ? {} : { record }) };
    const told: readonly AttachedEffect[] =
      origin.id === this.#view.self.id ? this.#answered(this.#view.self, answer) : [{ type: 'direct', to: origin, body: answer }];
    if (!delivered) return [{ type: 'drop', reason: 'no_application', count: 1 }, ...told];
    return [event({ type: 'deliver', application, key, payload, origin, hops, ...(trace === undefined ? {} : { trace }) }), ...told];
  }

  #answered(root: NodeHandle, { requestId, delivered, hops, record }: Answer): readonly AttachedEffect[] {
    if (!this.#open.has(requestId)) return [];
    this.#open.delete(requestId);
    if (!delivered) return [event({ type: 'routeFailed', requestId, reason: 'no_application' })];
    return [event({ type: 'routed', requestId, root, hops, ...(record === undefined ? {} : { record }) })];
  }
}

function event(told: AttachedEvent): AttachedEffect {
  return { type: 'event', event: told };
}
