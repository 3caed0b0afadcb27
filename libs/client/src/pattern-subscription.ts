import { parseStatus } from '@banyan/grpc';
import type { GroupsApi } from './groups-api.ts';
import { Patience } from './patience.ts';
import type { SubscriptionEvent } from './subscription-event.ts';
import type { SubscribeOptions, Subscription } from './subscription.ts';

/** What a subscriber to many groups gets: an event of one of them, or the news that one came or is gone. */
export type PatternEvent =
  | { readonly group: string; readonly type: 'opened' }
  | { readonly group: string; readonly type: 'gone' }
  | ({ readonly group: string } & SubscriptionEvent);

/** What a subscription to a pattern stands on. */
export interface PatternPorts {
  readonly groups: Pick<GroupsApi, 'watch'>;
  subscribe(group: string, options: SubscribeOptions): Promise<Subscription>;
  readonly patienceMs: number;
}

/**
 * A subscription to every group that a pattern means, also those that are made later. Each group's events come in order, and
 * nothing of it is lost or doubled; groups are not ordered among each other. As long as no step is taken every node holds back,
 * with one event of each group waiting. While the tree builder is away the groups known stay, and no new ones are found.
 * Iterate it once; it ends with `close`, or by throwing what cannot be mended.
 */
export class PatternSubscription implements AsyncIterable<PatternEvent>, AsyncDisposable {
  readonly pattern: string;
  readonly #ports: PatternPorts;
  readonly #options: SubscribeOptions;
  readonly #patience: Patience;
  readonly #abort = new AbortController();
  readonly #open = new Map<string, Subscription>();
  /** Handed over one at a time: each gives an event and waits until it is taken. */
  readonly #waiting: { readonly event: PatternEvent; taken(): void }[] = [];
  #wake: () => void = () => undefined;
  #failure: { readonly error: unknown } | undefined;

  private constructor(pattern: string, ports: PatternPorts, options: SubscribeOptions) {
    this.pattern = pattern;
    this.#ports = ports;
    this.#options = options;
    this.#patience = new Patience(ports.patienceMs);
  }

  /** Subscribes to the groups there are; resolves when all their grafts are acknowledged. */
  static async open(pattern: string, ports: PatternPorts, options: SubscribeOptions): Promise<PatternSubscription> {
    const subscription = new PatternSubscription(pattern, ports, options);
    await subscription.#watch();
    return subscription;
  }

  /** The groups it reads now. */
  get groups(): readonly string[] {
    return [...this.#open.keys()];
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<PatternEvent, void, void> {
    try {
      for (;;) {
        const next = this.#waiting.shift();
        if (next !== undefined) {
          yield next.event;
          next.taken();
          continue;
        }
        if (this.#failure !== undefined) throw this.#failure.error;
        if (this.#abort.signal.aborted) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      await this.close();
    }
  }

  /** Ends all of it. */
  async close(): Promise<void> {
    this.#abort.abort();
    this.#wake();
    for (const { taken } of this.#waiting.splice(0)) taken();
    await Promise.all([...this.#open.values()].map((subscription) => subscription.close()));
    this.#open.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Follows the directory; resolves when the groups there are at first are read. */
  #watch(): Promise<void> {
    return new Promise((resolve, reject) => {
      void this.#follow(resolve).catch((error: unknown) => {
        reject(error instanceof Error ? error : new Error(String(error)));
        this.#fail(error);
      });
    });
  }

  async #follow(atFirst: () => void): Promise<void> {
    const isOver = this.#abort.signal;
    while (!isOver.aborted) {
      try {
        let isWhole = true;
        for await (const { came, gone } of this.#ports.groups.watch(this.pattern, isOver)) {
          this.#patience.progress();
          // The first answer after a pause names every group there is: what is not among them has gone meanwhile.
          const lost = isWhole ? [...this.#open.keys()].filter((name) => !came.includes(name)) : gone;
          isWhole = false;
          await Promise.all(lost.map((name) => this.#leave(name)));
          await Promise.all(came.filter((name) => !this.#open.has(name)).map((name) => this.#join(name)));
          atFirst();
        }
      } catch (error) {
        if (!isOver.aborted) await this.#patience.waitAfter(parseStatus(error), isOver);
      }
    }
  }

  async #join(group: string): Promise<void> {
    const subscription = await this.#ports.subscribe(group, this.#options);
    if (this.#abort.signal.aborted) return subscription.close();
    this.#open.set(group, subscription);
    void this.#read(group, subscription);
  }

  async #leave(group: string): Promise<void> {
    const subscription = this.#open.get(group);
    this.#open.delete(group);
    await subscription?.close();
  }

  async #read(group: string, subscription: Subscription): Promise<void> {
    await this.#give({ group, type: 'opened' });
    try {
      for await (const event of subscription) await this.#give({ group, ...event });
    } catch (error) {
      // A group that was deleted ends by itself; anything else is told.
      if (parseStatus(error).reason !== 'GROUP_DELETED' && this.#open.get(group) === subscription) this.#fail(error);
    }
    if (this.#open.get(group) === subscription) this.#open.delete(group);
    await this.#give({ group, type: 'gone' });
  }

  #give(event: PatternEvent): Promise<void> {
    if (this.#abort.signal.aborted) return Promise.resolve();
    return new Promise((taken) => {
      this.#waiting.push({ event, taken });
      this.#wake();
    });
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }
}
