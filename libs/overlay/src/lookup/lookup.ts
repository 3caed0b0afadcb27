import type { Id } from '@banyan/ids';
import type { Application, Downcall, Envelope, NodeHandle, RoutingView, Upcall } from '@banyan/kbr';
import { assertNever, DueTimes, type Json, type Millis } from '@banyan/sansio';
import type { LookupBody, LookupCommand, LookupEvent } from './messages.ts';

/** How patient a lookup is. */
export interface LookupConfig {
  /** Without an answer for as long as nearly all others took, within these bounds, it is routed again; every further wait is twice as long, up to `waitMaxMs`. */
  readonly retryMinMs: Millis;
  readonly retryMaxMs: Millis;
  readonly waitMaxMs: Millis;
  /** Without an answer for so long it has failed. */
  readonly giveUpMs: Millis;
  /** Open lookups and traces; at the bound a new one fails at once. */
  readonly openMax: number;
  /** Replicas told at most. */
  readonly replicasMax: number;
}

/** A minute is longer than a lease that keeps the keys of a dead root. */
export const DEFAULT_LOOKUP_CONFIG: LookupConfig = { retryMinMs: 1_000, retryMaxMs: 2_000, waitMaxMs: 8_000, giveUpMs: 62_000, openMax: 4_096, replicasMax: 16 };

interface OpenLookup {
  readonly command: LookupCommand;
  readonly begunAt: Millis;
  tries: number;
}

type LookupInput = Upcall<LookupBody> | { readonly type: 'command'; readonly command: LookupCommand };
type LookupEffect = Downcall<LookupBody> | { readonly type: 'event'; readonly event: LookupEvent };

/**
 * Who is the root of a key, and by which hops does one get there. The request is routed, the root answers the asker directly;
 * a request or answer that got lost, or died with a node that had it in its care, is tried again, so a lookup ends with an
 * answer or with a reason. How long an answer may take is learned from the first attempts that were answered (RFC 6298).
 */
export class Lookup implements Application<LookupBody, LookupCommand, LookupEvent> {
  readonly intercepts = false;
  readonly #view: RoutingView;
  readonly #config: LookupConfig;
  readonly #open = new Map<number, OpenLookup>();
  readonly #due = new DueTimes<number>();
  /** How long answers to first attempts take, and by how much that varies; undefined before the first. */
  #answers: { readonly meanMs: Millis; readonly deviationMs: Millis } | undefined;

  constructor(view: RoutingView, config: LookupConfig = DEFAULT_LOOKUP_CONFIG) {
    this.#view = view;
    this.#config = config;
  }

  deadline(): Millis | undefined {
    const next = this.#due.next();
    return next === Infinity ? undefined : next;
  }

  handle(now: Millis, input: LookupInput): readonly LookupEffect[] {
    switch (input.type) {
      case 'command':
        return this.#begin(now, input.command);
      case 'deliver':
        return this.#answer(now, input.envelope);
      case 'direct':
        return input.body.type === 'found' ? this.#found(now, input.body) : [];
      case 'tick':
        return this.#due.takeDue(now).flatMap((requestId) => this.#overdue(now, requestId));
      case 'forward':
        return [{ type: 'resume', envelope: input.envelope, nextHop: input.nextHop }];
      case 'leafSetChanged':
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

  state(now: Millis): Json {
    return { answers: this.#answers === undefined ? null : { ...this.#answers }, open: [...this.#open].map(([requestId, { begunAt, command, tries }]) => ({ requestId, type: command.type, key: command.key, tries, begunMs: begunAt - now })) };
  }

  #begin(now: Millis, command: LookupCommand): readonly LookupEffect[] {
    if (this.#open.size >= this.#config.openMax) return [failed(command, 'too_many_requests')];
    const open: OpenLookup = { command, begunAt: now, tries: 0 };
    this.#open.set(command.requestId, open);
    return [this.#ask(now, open)];
  }

  #ask(now: Millis, open: OpenLookup): LookupEffect {
    const { command } = open;
    this.#due.set(command.requestId, now + this.#waitMs(now, open));
    open.tries++;
    const explain = command.type === 'trace';
    const body: LookupBody = {
      type: 'find',
      requestId: command.requestId,
      replicas: explain ? 1 : command.replicas,
      dryRun: !explain || command.dryRun,
    };
    return { type: 'route', key: command.key, body, explain, ...(command.trace === undefined ? {} : { trace: command.trace }) };
  }

  #overdue(now: Millis, requestId: number): readonly LookupEffect[] {
    const open = this.#open.get(requestId);
    if (open === undefined) return [];
    if (now < open.begunAt + this.#config.giveUpMs) return [this.#ask(now, open)];
    this.#open.delete(requestId);
    return [failed(open.command, 'timeout')];
  }

  #waitMs(now: Millis, { begunAt, tries }: OpenLookup): Millis {
    const { giveUpMs, retryMaxMs, retryMinMs, waitMaxMs } = this.#config;
    const usualMs = this.#answers === undefined ? retryMaxMs : this.#answers.meanMs + 4 * this.#answers.deviationMs;
    const firstMs = Math.min(retryMaxMs, Math.max(retryMinMs, usualMs));
    return Math.min(waitMaxMs, firstMs * 2 ** tries, begunAt + giveUpMs - now);
  }

  // Of a repeated request nobody knows which one was answered.
  #took(ms: Millis, tries: number): void {
    if (tries > 1) return;
    const { meanMs, deviationMs } = this.#answers ?? { meanMs: ms, deviationMs: ms / 2 };
    this.#answers = { meanMs: meanMs + (ms - meanMs) / 8, deviationMs: deviationMs + (Math.abs(ms - meanMs) - deviationMs) / 4 };
  }

  // We are the root.
  #answer(now: Millis, envelope: Envelope<LookupBody>): readonly LookupEffect[] {
    const { body, hops, key, origin, record } = envelope;
    if (body.type !== 'find') return [];
    const replicas = Math.min(Math.max(1, body.replicas), this.#config.replicasMax);
    const answer: LookupBody = {
      type: 'found',
      requestId: body.requestId,
      replicaSet: this.#replicaSet(key, replicas),
      hops,
      ...(record === undefined ? {} : { record }),
    };
    const told: readonly LookupEffect[] = origin.id === this.#view.self.id ? this.#found(now, answer) : [{ type: 'direct', to: origin, body: answer }];
    return body.dryRun ? told : [...told, { type: 'event', event: { type: 'traceArrived', key, from: origin, hops } }];
  }

  // Who answers is the root, whatever the order of distance says at this moment.
  #replicaSet(key: Id, max: number): readonly NodeHandle[] {
    const { self } = this.#view;
    return [self, ...this.#view.replicaSet(key, max + 1).filter((node) => node.id !== self.id)].slice(0, max);
  }

  #found(now: Millis, answer: Extract<LookupBody, { readonly type: 'found' }>): readonly LookupEffect[] {
    const open = this.#open.get(answer.requestId);
    const root = answer.replicaSet[0];
    if (open === undefined || root === undefined) return [];
    this.#open.delete(answer.requestId);
    this.#due.delete(answer.requestId);
    this.#took(now - open.begunAt, open.tries);
    const { requestId, key } = open.command;
    const { hops, record, replicaSet } = answer;
    return [{ type: 'event', event: { type: 'found', requestId, key, root, replicaSet, hops, ...(record === undefined ? {} : { record }) } }];
  }
}

function failed(command: LookupCommand, reason: Extract<LookupEvent, { readonly type: 'failed' }>['reason']): LookupEffect {
  return { type: 'event', event: { type: 'failed', requestId: command.requestId, key: command.key, reason } };
}
