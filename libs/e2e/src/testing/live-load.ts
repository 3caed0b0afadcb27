// One publisher and a reader at each of many nodes, under failures: what everybody was given is kept and judged.
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, NewGroup, Subscription } from '@banyan/client';
import type { LocalOverlay } from '@banyan/local-overlay';
import { eventually } from './eventually.ts';
import { LiveTree } from './live-tree.ts';
import { messageOf, MessageHistory, type HistoryVerdict } from './message-history.ts';

const BATCH_EVERY_MS = 20;

export interface LiveLoadOptions {
  /** Name of the group, and of the session's messages. */
  readonly name: string;
  /** Process names of nodes with a reader each; a reader goes on at another node when its own is gone. */
  readonly readers: readonly string[];
  /** The publisher's node; it goes on at another as well, unless it is `pinned`. */
  readonly publisher: string;
  readonly pinned?: boolean;
  readonly messagesPerSecond: number;
  readonly group?: NewGroup;
}

/** Messages of 1 KiB at a steady rate, until it is stopped. */
export class LiveLoad implements AsyncDisposable {
  readonly tree: LiveTree;
  readonly history: MessageHistory;
  /** Why the publisher had to begin anew, reason by reason. */
  readonly told: string[] = [];
  readonly #clients: readonly Client[];
  readonly #subscriptions: readonly Subscription[];
  readonly #reading: Promise<void>[];
  readonly #readers: readonly string[];
  readonly #publishing: Promise<void>;
  readonly #stopping = new AbortController();
  #failure: unknown;

  private constructor({ name, readers, messagesPerSecond }: LiveLoadOptions, clients: readonly Client[], subscriptions: readonly Subscription[]) {
    const [publishing] = clients as [Client];
    this.#clients = clients;
    this.#readers = readers;
    this.#subscriptions = subscriptions;
    this.tree = new LiveTree(publishing, name);
    this.history = new MessageHistory(name);
    this.#reading = subscriptions.map((subscription, i) => this.#kept(this.#read(readers[i] ?? '', subscription)));
    this.#publishing = this.#kept(this.#publish(publishing, name, messagesPerSecond));
  }

  /** Makes the group and begins to read and, once every reader has its node, to publish. */
  static async start(overlay: LocalOverlay, options: LiveLoadOptions): Promise<LiveLoad> {
    const addresses = options.readers.map((name) => addressesFrom(overlay, name));
    const publishers = addressesFrom(overlay, options.publisher);
    const clients = await Promise.all([options.pinned === true ? publishers.slice(0, 1) : publishers, ...addresses].map((nodes) => overlay.connect({ addresses: nodes })));
    const [publishing, ...reading] = clients as [Client, ...Client[]];
    await publishing.groups.create(options.name, options.group);
    const subscriptions = await Promise.all(reading.map((client) => client.subscribe(options.name, { start: { type: 'first' } })));
    return new LiveLoad(options, clients, subscriptions);
  }

  /** Waits until everybody has so many messages more than now. */
  async goesOn(messages: number): Promise<void> {
    const wanted = this.history.published + messages;
    await eventually(`every reader has ${wanted} messages`, () => this.#has(wanted));
  }

  /** Stops publishing and waits for the receipts and until everybody has everything; what is wrong with whom, and how many sequences two messages share. */
  async judge(): Promise<{ readonly published: number; readonly shared: number; readonly verdicts: readonly HistoryVerdict[] }> {
    this.#stopping.abort();
    await this.#publishing;
    await eventually('every reader has everything', () => this.#has(this.history.published)).catch(() => undefined);
    this.#check();
    return { published: this.history.published, shared: this.history.shared, verdicts: [...this.history.verdicts().values()] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#subscriptions.map((subscription) => subscription.close()));
    for (const client of this.#clients) client.close();
    await Promise.allSettled([this.#publishing, ...this.#reading]);
  }

  #has(messages: number): boolean {
    this.#check();
    return this.#readers.every((reader) => this.history.countOf(reader) >= messages);
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  // What ends a reader or the publisher before its time is told by whoever waits next.
  #kept(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => void (this.#failure ??= error));
  }

  async #read(reader: string, subscription: Subscription): Promise<void> {
    for await (const event of subscription) {
      if (event.type === 'gap') this.history.missed(reader, event.firstSequence, event.lastSequence);
      else this.history.took(reader, event.firstSequence, event.messages);
    }
  }

  async #publish(client: Client, name: string, messagesPerSecond: number): Promise<void> {
    const publisher = await client.publish(name, { onReconnect: ({ error }) => this.told.push(error.reason) });
    const from = performance.now();
    while (!this.#stopping.signal.aborted) {
      // By the clock, so that what a wait for room took is made up for.
      const due = ((performance.now() - from) / 1_000) * messagesPerSecond;
      while (this.history.published < due) {
        const message = messageOf(name, this.history.published);
        this.history.published++;
        await publisher.send(message);
      }
      await pause(BATCH_EVERY_MS);
    }
    await publisher.close();
  }
}

/** API addresses, that of the named node first: a client uses it until it is gone. */
function addressesFrom(overlay: LocalOverlay, first: string): readonly string[] {
  const nodes = [...overlay.nodes].sort((a, b) => Number(b.name === first) - Number(a.name === first));
  return nodes.map((node) => node.addresses['api'] ?? '');
}
