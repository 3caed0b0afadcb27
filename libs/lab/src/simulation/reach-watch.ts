import type { Millis } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';

/** A message that took longer to a reader does not count as having reached it. */
export const REACHED_WITHIN_MS: Millis = 3_000;

/** One published message and who was told it. */
interface Message {
  readonly at: Millis;
  readonly told: Set<Host>;
  inTime: number;
}

/** Which readers each message of one publisher reached, and when. Messages are known by the number the publisher gave them. */
export class ReachWatch {
  readonly #messages: Message[] = [];
  readonly #firstAt = new Map<Host, Millis>();
  #duplicates = 0;

  /** The number of the message published now. */
  published(at: Millis): number {
    return this.#messages.push({ at, told: new Set(), inTime: 0 }) - 1;
  }

  told(at: Millis, host: Host, number: number): void {
    const message = this.#messages[number];
    if (message === undefined) return;
    if (message.told.has(host)) {
      this.#duplicates += 1;
      return;
    }
    message.told.add(host);
    if (at - message.at <= REACHED_WITHIN_MS) message.inTime += 1;
    if (!this.#firstAt.has(host)) this.#firstAt.set(host, at);
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  /** Messages and readers that never met, of messages published before `before`. */
  missing(readers: number, before: Millis): number {
    return this.#messages.reduce((total, { at, told }) => total + (at < before ? readers - told.size : 0), 0);
  }

  /** When the last of so many readers was told a message first; undefined while one was not. */
  lastFirstAt(readers: number): Millis | undefined {
    return this.#firstAt.size < readers ? undefined : Math.max(...this.#firstAt.values());
  }

  /** From when on every message published before `before` reached all readers in time; undefined: the last did not. */
  reachesAllFrom(readers: number, before: Millis): Millis | undefined {
    const judged = this.#messages.filter(({ at }) => at < before);
    const lastShort = judged.findLastIndex(({ inTime }) => inTime < readers);
    return judged[lastShort + 1]?.at;
  }

  /** Of each message the time it was published and the share of readers that it reached in time. */
  shares(readers: number): readonly { readonly at: Millis; readonly share: number }[] {
    return this.#messages.map(({ at, inTime }) => ({ at, share: inTime / readers }));
  }
}
