import type { Client, Subscription } from '@banyan/client';
import { nowMs, readHeader } from '../load/message.ts';

/** What one reader got of the trial that is on. */
interface Got {
  readonly indices: Set<number>;
  /** When the first message came that was sent after the signal, ms. */
  newAt: number | undefined;
}

/** A reader at each node, in this process: each stays with its node, and goes on when that is back. */
export class Readers {
  readonly #subscriptions: readonly Subscription[];
  readonly #got: Map<string, Got>;
  readonly #reading: readonly Promise<void>[];
  #trial = 0;
  #signalledAt = Infinity;
  #failure: unknown;

  private constructor(names: readonly string[], subscriptions: readonly Subscription[]) {
    this.#subscriptions = subscriptions;
    this.#got = new Map(names.map((name) => [name, { indices: new Set(), newAt: undefined }]));
    this.#reading = subscriptions.map((subscription, i) => this.#read(names[i] ?? '', subscription).catch((error: unknown) => void (this.#failure ??= error)));
  }

  /** Subscribes each client under the name of its node. */
  static async start(group: string, clients: ReadonlyMap<string, Client>): Promise<Readers> {
    const subscriptions = await Promise.all([...clients.values()].map((client) => client.subscribe(group)));
    return new Readers([...clients.keys()], subscriptions);
  }

  /** Counts from here on what belongs to this trial. */
  begin(trial: number): void {
    this.#trial = trial;
    this.#signalledAt = Infinity;
    for (const name of this.#got.keys()) this.#got.set(name, { indices: new Set(), newAt: undefined });
  }

  /** The signal was given at this moment of the machine's clock. */
  signalled(at: number): void {
    this.#signalledAt = at;
  }

  /** How many messages of the trial the reader has that has fewest, but for one. */
  fewest(except?: string): number {
    return Math.min(...this.#of(except).map(({ indices }) => indices.size));
  }

  /** Messages of the trial that readers lack, all together. */
  missing(published: number, except: string): number {
    return this.#of(except).reduce((total, { indices }) => total + published - indices.size, 0);
  }

  /** When the last reader got its first message sent after the signal; undefined before. */
  lastNewAt(except: string): number | undefined {
    const all = this.#of(except).map(({ newAt }) => newAt);
    return all.some((at) => at === undefined) ? undefined : Math.max(...all.map((at) => at ?? 0));
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#subscriptions.map((subscription) => subscription.close()));
    await Promise.allSettled(this.#reading);
  }

  #of(except: string | undefined): readonly Got[] {
    if (this.#failure !== undefined) throw this.#failure;
    return [...this.#got].filter(([name]) => name !== except).map(([, got]) => got);
  }

  async #read(name: string, subscription: Subscription): Promise<void> {
    for await (const event of subscription) {
      if (event.type !== 'messages') continue;
      for (const message of event.messages) this.#take(name, message);
    }
  }

  #take(name: string, message: Uint8Array): void {
    const { phase, index, sentMs } = readHeader(message);
    const got = this.#got.get(name);
    if (got === undefined || phase !== this.#trial) return;
    got.indices.add(index);
    if (sentMs > this.#signalledAt) got.newAt ??= nowMs();
  }
}
