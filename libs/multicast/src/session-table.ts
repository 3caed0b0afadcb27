import type { Millis } from '@banyan/sansio';
import type { Sequence } from './epoch.ts';
import { SNAPSHOT_RECEIPTS_MAX, type Block, type Fragment, type SessionMemory, type StampedFrame } from './frames.ts';
import type { Receipt } from './messages.ts';
import type { Retained } from './retention-ring.ts';
import { sessionKey } from './session-key.ts';

interface Known extends Receipt {
  readonly fragment?: Fragment;
}

interface Session {
  readonly client: string;
  readonly session: string;
  nextCounter: number;
  /** Oldest first. */
  receipts: Known[];
  lastAt: Millis;
  /** Where the root last gave up a message of the session. */
  abortedAt?: Sequence;
}

/** A large message of which parts were numbered and others are to follow. */
export interface OpenMessage {
  readonly client: string;
  readonly session: string;
  /** The counter of the part that follows. */
  readonly nextCounter: number;
  /** The sequence of the newest part. */
  readonly newest: Sequence;
}

/**
 * What a batch is to the root: the next one, one it knows, one it knew once, one too early, or a part of a large message whose
 * part before was not numbered here, or was given up.
 */
export type Admission =
  | { readonly type: 'next' }
  | { readonly type: 'known'; readonly receipt: Receipt }
  | { readonly type: 'forgotten' }
  | { readonly type: 'gap'; readonly expected: number }
  | { readonly type: 'headless' }
  | { readonly type: 'full' };

/** Limits of the table. */
export interface SessionLimits {
  readonly sessionsMax: number;
  readonly receiptsMax: number;
}

/**
 * Which counter of which publisher carries which sequence, so that a retried batch gets its first receipt.
 * Kept by root and voters as frames pass, so a new root knows it; taken back where history is truncated.
 */
export class SessionTable {
  readonly #sessions = new Map<string, Session>();

  get size(): number {
    return this.#sessions.size;
  }

  /** Receipts kept of the session that has most. */
  get receiptsMost(): number {
    let most = 0;
    for (const { receipts } of this.#sessions.values()) most = Math.max(most, receipts.length);
    return most;
  }

  /** Decides about a batch; changes nothing. A session never heard of starts at any counter: its past was receipted. */
  admit(block: Block, limits: SessionLimits): Admission {
    const session = this.#sessions.get(sessionKey(block));
    if ((session === undefined || block.counter >= session.nextCounter) && isHeadless(block, session)) return { type: 'headless' };
    if (session === undefined) return this.#sessions.size < limits.sessionsMax ? { type: 'next' } : { type: 'full' };
    if (block.counter === session.nextCounter) return { type: 'next' };
    if (block.counter > session.nextCounter) return { type: 'gap', expected: session.nextCounter };
    const receipt = session.receipts.find((known) => known.counter === block.counter && known.count === block.count);
    return receipt === undefined ? { type: 'forgotten' } : { type: 'known', receipt };
  }

  /** Remembers what a frame numbered. A frame met again changes nothing. */
  record(frame: StampedFrame, now: Millis, limits: SessionLimits): void {
    let firstSequence = frame.firstSequence;
    for (const block of frame.blocks) {
      this.#recordBlock(block, firstSequence, now, limits);
      firstSequence += block.count;
    }
  }

  /** Learns from retained history, at a node that did not follow the sessions before, or only from some point on. */
  rebuild(entries: readonly Retained[], now: Millis, limits: SessionLimits): void {
    const retained = new SessionTable();
    for (const { frame } of entries) if (frame.type === 'stamped') retained.record(frame, now, limits);
    for (const [key, older] of retained.#sessions) {
      const known = this.#sessions.get(key);
      if (known === undefined) {
        if (this.#sessions.size < limits.sessionsMax) this.#sessions.set(key, older);
        continue;
      }
      const first = known.receipts[0]?.counter ?? known.nextCounter;
      known.receipts = [...older.receipts.filter((receipt) => receipt.counter < first), ...known.receipts].slice(-limits.receiptsMax);
    }
  }

  /** Takes back everything numbered at or beyond `sequence`. */
  truncate(sequence: Sequence): void {
    for (const session of this.#sessions.values()) {
      if (session.abortedAt !== undefined && session.abortedAt >= sequence) delete session.abortedAt;
      for (let last = session.receipts.at(-1); last !== undefined && last.firstSequence >= sequence; last = session.receipts.at(-1)) {
        session.receipts.pop();
        session.nextCounter = last.counter;
      }
    }
  }

  /** The counter the session goes on with; undefined for one never heard of. */
  expected(client: string, session: string): number | undefined {
    return this.#sessions.get(sessionKey({ client, session }))?.nextCounter;
  }

  /** Receipts from `counter` on whose messages all lie below `committed`, oldest first, at most `max`. */
  receiptsFrom(at: { readonly client: string; readonly session: string; readonly counter: number }, committed: Sequence, max: number): readonly Receipt[] {
    const session = this.#sessions.get(sessionKey(at));
    if (session === undefined) return [];
    return session.receipts.filter((r) => r.counter >= at.counter && r.firstSequence + r.count <= committed).slice(0, max).map(receiptOf);
  }

  /** Large messages that are not whole yet. */
  openMessages(): readonly OpenMessage[] {
    const open: OpenMessage[] = [];
    for (const session of this.#sessions.values()) {
      const newest = session.receipts.at(-1);
      if (newest === undefined || openPart(session) === undefined) continue;
      open.push({ client: session.client, session: session.session, nextCounter: session.nextCounter, newest: newest.firstSequence });
    }
    return open;
  }

  /** What a new voter is handed. */
  snapshot(): readonly SessionMemory[] {
    return [...this.#sessions.values()].map((one) => {
      const { client, session, nextCounter } = one;
      const open = openPart(one);
      const receipts = one.receipts.slice(-SNAPSHOT_RECEIPTS_MAX).map(receiptOf);
      return { client, session, nextCounter, receipts, ...(open === undefined ? {} : { open }) };
    });
  }

  /** Takes over what another remembers, where it knows more, and only what lies below `next` (the rest comes as frames). */
  adopt(memories: readonly SessionMemory[], next: Sequence, now: Millis, limits: SessionLimits): void {
    for (const memory of memories) {
      const key = sessionKey(memory);
      const known = this.#sessions.get(key);
      const receipts: Known[] = memory.receipts.filter((r) => r.firstSequence + r.count <= next);
      const beyond = memory.receipts.find((r) => r.firstSequence + r.count > next);
      // All of it lies ahead: the frames will tell the whole of it.
      if (beyond !== undefined && receipts.length === 0) continue;
      const nextCounter = beyond?.counter ?? memory.nextCounter;
      const newest = receipts.pop();
      if (newest !== undefined) receipts.push(beyond === undefined && memory.open !== undefined ? { ...newest, fragment: memory.open } : newest);
      if (known === undefined ? this.#sessions.size >= limits.sessionsMax : known.nextCounter >= nextCounter) continue;
      this.#sessions.set(key, { client: memory.client, session: memory.session, nextCounter, receipts, lastAt: now });
    }
  }

  /** Forgets sessions that published nothing for `ageMs`. */
  prune(now: Millis, ageMs: Millis): void {
    for (const [key, session] of this.#sessions) if (now - session.lastAt > ageMs) this.#sessions.delete(key);
  }

  #recordBlock(block: Block, firstSequence: Sequence, now: Millis, limits: SessionLimits): void {
    const key = sessionKey(block);
    const known = this.#sessions.get(key);
    if (block.fragment?.count === 0) {
      if (known !== undefined) known.abortedAt = firstSequence;
      return;
    }
    const receipt: Known = { counter: block.counter, count: block.count, firstSequence, ...(block.fragment === undefined ? {} : { fragment: block.fragment }) };
    if (known === undefined) {
      if (this.#sessions.size >= limits.sessionsMax) this.#dropOldest();
      this.#sessions.set(key, { client: block.client, session: block.session, nextCounter: block.counter + block.count, receipts: [receipt], lastAt: now });
      return;
    }
    if (block.counter < known.nextCounter) return;
    known.nextCounter = block.counter + block.count;
    known.lastAt = now;
    known.receipts.push(receipt);
    // Dropped in halves: shifting a long array once per batch would cost more than the receipts.
    if (known.receipts.length > 2 * limits.receiptsMax) known.receipts = known.receipts.slice(-limits.receiptsMax);
  }

  #dropOldest(): void {
    let oldest: [string, Session] | undefined;
    for (const entry of this.#sessions) if (oldest === undefined || entry[1].lastAt < oldest[1].lastAt) oldest = entry;
    if (oldest !== undefined) this.#sessions.delete(oldest[0]);
  }
}

/** The newest part numbered of a message that is not whole and was not given up. */
function openPart({ receipts, abortedAt }: Session): Fragment | undefined {
  const newest = receipts.at(-1);
  const fragment = newest?.fragment;
  if (newest === undefined || fragment === undefined || fragment.index + 1 >= fragment.count) return undefined;
  return abortedAt !== undefined && abortedAt > newest.firstSequence ? undefined : fragment;
}

function isHeadless({ fragment, counter }: Block, session: Session | undefined): boolean {
  if (fragment === undefined || fragment.index === 0) return false;
  const before = session === undefined ? undefined : openPart(session);
  return before === undefined || session?.nextCounter !== counter || before.index + 1 !== fragment.index || before.count !== fragment.count;
}

/** Without the fragment, which only this table needs. */
function receiptOf({ counter, count, firstSequence }: Known): Receipt {
  return { counter, count, firstSequence };
}
