import { type Envelope } from '@banyan/kbr';
import type { Json, Millis } from '@banyan/sansio';

/** A message in care that cannot go on yet: its root is silent, or this node is not ready to be it. */
export interface ParkedEnvelope {
  readonly envelope: Envelope;
  readonly since: Millis;
}

/** Parked messages, oldest first. */
export class Parking {
  #parked: ParkedEnvelope[] = [];
  #nextTry = Infinity;

  get size(): number {
    return this.#parked.length;
  }

  /** When the parked are to be tried again; Infinity when none is parked. */
  next(): Millis {
    return this.#nextTry;
  }

  add(parked: ParkedEnvelope, tryAgainAt: Millis): void {
    this.#parked.push(parked);
    if (tryAgainAt < this.#nextTry) this.#nextTry = tryAgainAt;
  }

  /** This node did not run for `forMs`, which does not count as time in the parking. */
  excuse(forMs: Millis): void {
    this.#parked = this.#parked.map(({ envelope, since }) => ({ envelope, since: since + forMs }));
  }

  /** Empties the parking; whoever takes them tries each again or parks it anew. */
  takeAll(): readonly ParkedEnvelope[] {
    const parked = this.#parked;
    this.#parked = [];
    this.#nextTry = Infinity;
    return parked;
  }

  state(now: Millis): Json {
    return this.#parked.map(({ envelope, since }) => ({
      key: envelope.key,
      origin: envelope.origin.id,
      counter: envelope.counter,
      sinceMs: since - now,
    }));
  }
}
