import type { PastryMessage } from '@banyan/pastry';
import { canonicalJson, digest, type Json, type Millis } from '@banyan/sansio';

/** A message on its way; the same message between the same nodes is one and the same. */
export interface Flight {
  readonly from: number;
  readonly to: number;
  readonly message: PastryMessage;
}

export type Words = readonly [high: number, low: number];

/** Messages by small numbers, and their digests with times relative to now. */
export class MessagesSeen {
  readonly #flights: Flight[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #digests = new Map<Millis, Words[]>();

  numberOf(flight: Flight): number {
    const text = canonicalJson(flight as unknown as Json);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#flights.length);
    return this.#flights.push(flight) - 1;
  }

  get size(): number {
    return this.#flights.length;
  }

  get(number: number): Flight {
    const flight = this.#flights[number];
    if (flight === undefined) throw new Error(`message ${number} was never seen`);
    return flight;
  }

  digestAt(now: Millis, number: number): Words {
    let atNow = this.#digests.get(now);
    if (atNow === undefined) this.#digests.set(now, (atNow = []));
    return (atNow[number] ??= wordsOf(relative(this.get(number), now)));
  }
}

/** The two words of a state's digest. */
export function wordsOf(state: Json): Words {
  const hex = digest(state);
  return [parseInt(hex.slice(0, 8), 16), parseInt(hex.slice(8), 16)];
}

// A heartbeat tells two times of its sender's clock; here there is one clock.
function relative({ from, to, message }: Flight, now: Millis): Json {
  if (message.type !== 'heartbeat') return { from, to, message } as unknown as Json;
  const grants = message.grants === undefined ? null : message.grants - now;
  return { from, to, message: { ...message, sentAt: message.sentAt - now, grants } } as unknown as Json;
}
