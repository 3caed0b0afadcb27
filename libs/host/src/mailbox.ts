import type { Ongoing } from './contract.ts';

/** What to do with a mailbox when somebody stops reading. */
export interface MailboxOptions<T> {
  /** Items that may wait. */
  readonly max: number;
  /** The error of a reader for whom more than `max` waited. */
  readonly overflow: () => Error;
  /** The reader is gone, by himself or by an error. Called once. */
  readonly closed?: () => void;
  /** The reader takes an item. */
  readonly taken?: (item: T) => void;
}

/** A bounded queue between the machine's turns and one reader. */
export class Mailbox<T> implements Ongoing<T> {
  readonly #options: MailboxOptions<T>;
  readonly #items: T[] = [];
  #ending: { readonly error: Error | undefined } | undefined;
  #reader: { resolve(result: IteratorResult<T>): void; reject(error: Error): void } | undefined;

  constructor(options: MailboxOptions<T>) {
    this.#options = options;
  }

  /** Hands in an item; after the end it is ignored. */
  push(item: T): void {
    if (this.#ending !== undefined) return;
    if (this.#reader !== undefined) return this.#give(item);
    if (this.#items.length >= this.#options.max) return this.fail(this.#options.overflow());
    this.#items.push(item);
  }

  /** The reader gets what waits, then the end. */
  end(): void {
    this.#finish(undefined);
  }

  /** The reader gets what waits, then the error. */
  fail(error: Error): void {
    this.#finish(error);
  }

  /** The reader gets the error next, and nothing of what waits. */
  cut(error: Error): void {
    this.#items.length = 0;
    this.#finish(error);
  }

  /** The reader leaves; nothing of what waits is given out any more. */
  close(): void {
    this.#items.length = 0;
    this.#finish(undefined);
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return {
      next: () => this.#next(),
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #next(): Promise<IteratorResult<T, undefined>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      this.#options.taken?.(item);
      return Promise.resolve({ done: false, value: item });
    }
    if (this.#ending === undefined) {
      return new Promise((resolve, reject) => {
        this.#reader = { resolve: resolve as (result: IteratorResult<T>) => void, reject };
      });
    }
    const { error } = this.#ending;
    this.#ending = { error: undefined };
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  #give(item: T): void {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#options.taken?.(item);
    reader?.resolve({ done: false, value: item });
  }

  #finish(error: Error | undefined): void {
    if (this.#ending !== undefined) return;
    const reader = this.#reader;
    this.#reader = undefined;
    this.#ending = { error: reader === undefined ? error : undefined };
    if (error === undefined) reader?.resolve({ done: true, value: undefined });
    else reader?.reject(error);
    this.#options.closed?.();
  }
}
