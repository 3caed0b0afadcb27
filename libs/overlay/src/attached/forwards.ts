import type { Id } from '@banyan/ids';
import type { Envelope, NodeHandle, RoutingView } from '@banyan/kbr';
import { DueTimes, type Json, type Millis } from '@banyan/sansio';
import type { AttachedBody, AttachedEvent, ForwardDecision, ForwardOutcome } from './messages.ts';

/** How long a message waits for an application's answer; then it goes on as it is. */
export const FORWARD_WAIT_MS: Millis = 100;
/** Messages that wait for one application; at the bound the next ones go on as they are. */
export const FORWARDS_MAX = 1_024;
/** Next hops an application may choose among. */
export const NEXT_HOPS_MAX = 8;

/** A message on its way, as an application is offered it. */
export type ForwardedMessage = Envelope<Extract<AttachedBody, { readonly type: 'message' }>>;

interface Waiting {
  readonly application: string;
  readonly envelope: ForwardedMessage;
}

/** What becomes of a message that waited. */
export interface Forwarded {
  readonly outcome: ForwardOutcome;
  readonly application: string;
  readonly envelope: ForwardedMessage;
  /** The hop the application chose; left out: routing chooses. */
  readonly nextHop?: NodeHandle;
}

/**
 * Messages on their way that wait for an attached application to look at them. Each was acknowledged to the hop before, so
 * waiting costs no retransmission; none waits for long, and none is lost because an application is slow or gone.
 */
export class Forwards {
  readonly #view: RoutingView;
  /** Key prefixes by application, in hex digits; who is not here is asked for nothing. */
  readonly #prefixes = new Map<string, readonly string[]>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #due = new DueTimes<number>();
  readonly #counts = new Map<string, number>();
  #nextId = 1;

  constructor(view: RoutingView) {
    this.#view = view;
  }

  /** When the next message has waited long enough; Infinity when none waits. */
  next(): Millis {
    return this.#due.next();
  }

  /** From now on messages to keys that begin with one of these are offered; none: they pass, and so do those that wait. */
  ask(application: string, prefixes: readonly string[]): readonly Forwarded[] {
    if (prefixes.length > 0) this.#prefixes.set(application, prefixes);
    else this.#prefixes.delete(application);
    return prefixes.length > 0 ? [] : this.#takeAll(application);
  }

  /** True when the application asked for messages to this key. */
  concerns(application: string, key: Id): boolean {
    return this.#prefixes.get(application)?.some((prefix) => key.startsWith(prefix)) === true;
  }

  /** Keeps a message and offers it; undefined when too many wait already. */
  offer(now: Millis, envelope: ForwardedMessage, nextHop: NodeHandle): AttachedEvent | undefined {
    const { application, payload } = envelope.body;
    const count = this.#counts.get(application) ?? 0;
    if (count >= FORWARDS_MAX) return undefined;
    const forwardId = this.#nextId++;
    this.#counts.set(application, count + 1);
    this.#waiting.set(forwardId, { application, envelope });
    this.#due.set(forwardId, now + FORWARD_WAIT_MS);
    const { key, origin, hops } = envelope;
    const others = this.#view.nextHops(key, NEXT_HOPS_MAX).filter((node) => node.id !== nextHop.id);
    return { type: 'forward', application, forwardId, key, payload, origin, hops, nextHop, otherHops: others.slice(0, NEXT_HOPS_MAX - 1) };
  }

  /** What an answer makes of its message; undefined when none waits for it (any more). */
  answer(application: string, forwardId: number, decision: ForwardDecision): Forwarded | undefined {
    if (this.#waiting.get(forwardId)?.application !== application) return undefined;
    const waiting = this.#take(forwardId);
    if (waiting === undefined) return undefined;
    if (decision.type === 'stop') return { ...waiting, outcome: 'stopped' };
    const { payload, nextHop } = decision;
    const envelope = payload === undefined ? waiting.envelope : { ...waiting.envelope, body: { ...waiting.envelope.body, payload } };
    if (nextHop === undefined) return { application, envelope, outcome: payload === undefined ? 'passed' : 'changed' };
    // Asked anew: what made progress when the message was offered may not do so any more.
    const chosen = this.#view.nextHops(envelope.key, Infinity).find((node) => node.id === nextHop);
    return chosen === undefined ? { ...waiting, outcome: 'refused' } : { application, envelope, nextHop: chosen, outcome: 'redirected' };
  }

  /** Those that have waited long enough. */
  takeDue(now: Millis): readonly Forwarded[] {
    return this.#due.takeDue(now).flatMap((forwardId) => {
      const waiting = this.#take(forwardId);
      return waiting === undefined ? [] : [{ ...waiting, outcome: 'app_timeout' as const }];
    });
  }

  state(): Json {
    const asked = [...this.#prefixes].map(([application, prefixes]) => [application, { prefixes: [...prefixes], waiting: this.#counts.get(application) ?? 0 }] as const);
    return Object.fromEntries(asked.sort());
  }

  #takeAll(application: string): readonly Forwarded[] {
    const ids = [...this.#waiting].flatMap(([forwardId, waiting]) => (waiting.application === application ? [forwardId] : []));
    return ids.flatMap((forwardId) => {
      const waiting = this.#take(forwardId);
      return waiting === undefined ? [] : [{ ...waiting, outcome: 'app_gone' as const }];
    });
  }

  #take(forwardId: number): Waiting | undefined {
    const waiting = this.#waiting.get(forwardId);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(forwardId);
    this.#due.delete(forwardId);
    const count = (this.#counts.get(waiting.application) ?? 1) - 1;
    if (count > 0) this.#counts.set(waiting.application, count);
    else this.#counts.delete(waiting.application);
    return waiting;
  }
}
