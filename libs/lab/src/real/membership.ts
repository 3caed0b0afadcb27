// What is surely and what is possibly true of a ring of processes that is seen from outside, with a little delay.
import { closestTo, compareDistance, type Id } from '@banyan/ids';
import type { Millis } from '@banyan/sansio';

/** News of a process takes no longer than this to reach whoever watches it. */
const NEWS_MS: Millis = 250;

/** One stretch of time in which a node was ready. */
interface Span {
  readonly id: Id;
  /** Perhaps since; it was started then, or had been told to be ready until then. */
  readonly perhapsFrom: Millis;
  readonly surelyFrom: Millis;
  surelyTo: Millis;
  perhapsTo: Millis;
}

/** A lookup that was answered, or not. */
export interface AskedLookup {
  readonly key: Id;
  readonly sentAt: Millis;
  readonly doneAt: Millis;
  /** Who answered; undefined: nobody. */
  readonly root: Id | undefined;
}

/**
 * `owner`: the key's root lived all the time and answered. `other`: somebody else did though it lived. `between`: its root
 * came or went meanwhile or shortly before, and one who may have been the root answered. `stranger`: it came or went, and
 * one who was surely not the root answered. `nobody`: no answer; `isSettled` says whether the root lived.
 */
export interface Verdict {
  readonly is: 'owner' | 'other' | 'between' | 'stranger' | 'nobody';
  readonly isSettled: boolean;
}

/** Who was a ready member when, as well as one can know it from outside. */
export class Membership {
  readonly #leaseMs: Millis;
  readonly #ended: Span[] = [];
  readonly #open = new Map<Id, Span>();
  readonly #startedAt = new Map<Id, Millis>();

  /** For so long after its end a node's keys may wait: nobody may deliver them before its leases have run out. */
  constructor(leaseMs: Millis) {
    this.#leaseMs = leaseMs;
  }

  /** Its process is started: from now on it may become ready at any moment. */
  started(id: Id, now: Millis): void {
    this.#startedAt.set(id, now);
  }

  /** It has said that it is ready. */
  ready(id: Id, now: Millis): void {
    if (this.#open.has(id)) return;
    const perhapsFrom = this.#startedAt.get(id) ?? now - NEWS_MS;
    this.#open.set(id, { id, perhapsFrom, surelyFrom: now, surelyTo: Infinity, perhapsTo: Infinity });
    this.#startedAt.delete(id);
  }

  /** It was killed, or has said that it is not ready any more; it stopped being so shortly before, or is about to. */
  unready(id: Id, now: Millis): void {
    const span = this.#open.get(id);
    if (span === undefined) return;
    this.#open.delete(id);
    span.surelyTo = now - NEWS_MS;
    span.perhapsTo = now + NEWS_MS;
    this.#ended.push(span);
  }

  /** Nodes that are ready as far as one knows. */
  get readyNow(): readonly Id[] {
    return [...this.#open.keys()];
  }

  /** True when the node was ready all the time. */
  wasReady(id: Id, from: Millis, to: Millis): boolean {
    return this.#spans().some((span) => span.id === id && span.surelyFrom <= from && to <= span.surelyTo);
  }

  judge({ key, sentAt, doneAt, root }: AskedLookup): Verdict {
    const owner = closestTo(key, this.#perhaps(sentAt - this.#leaseMs, doneAt));
    const isSettled = owner !== undefined && this.wasReady(owner, sentAt, doneAt);
    if (root === undefined) return { is: 'nobody', isSettled };
    if (isSettled) return { is: root === owner ? 'owner' : 'other', isSettled };
    const surely = closestTo(key, this.#spans().filter((span) => span.surelyFrom <= sentAt && doneAt <= span.surelyTo).map(({ id }) => id));
    const mayBe = this.#perhaps(sentAt, doneAt).includes(root) && (surely === undefined || compareDistance(key, root, surely) <= 0);
    return { is: mayBe ? 'between' : 'stranger', isSettled };
  }

  #perhaps(from: Millis, to: Millis): readonly Id[] {
    const spans = this.#spans().filter((span) => span.perhapsFrom <= to && from <= span.perhapsTo).map(({ id }) => id);
    const starting = [...this.#startedAt].filter(([, since]) => since <= to).map(([id]) => id);
    return [...spans, ...starting];
  }

  #spans(): readonly Span[] {
    return [...this.#ended, ...this.#open.values()];
  }
}
