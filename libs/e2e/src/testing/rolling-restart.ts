// An upgrade as operators do it: every node is stopped in order and started again, one after the other, while messages flow to
// a reader at each of them.
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, Reconnect, Subscription } from '@banyan/client';
import type { LocalOverlay } from '@banyan/local-overlay';
import { eventually } from './eventually.ts';

const GROUP = 'admin/rolling';
const TICK_MS = 10;

/** What one subscriber saw. */
export interface Seen {
  /** How many messages came as the very next one. */
  readonly inOrder: number;
  /** Everything else that came, and gaps. */
  readonly wrong: readonly string[];
  readonly reconnects: readonly Reconnect[];
}

/** What became of it all. */
export interface Restarted {
  readonly sent: number;
  readonly receipted: number;
  readonly subscribers: readonly Seen[];
  readonly publisherReconnects: readonly Reconnect[];
  /** Time from `send` to a subscriber, 99 of 100 at most, ms: before the first node was stopped, and from then on. */
  readonly p99Ms: { readonly before: number; readonly during: number };
}

/** A subscriber as it goes on. */
class Reader {
  readonly wrong: string[] = [];
  readonly reconnects: Reconnect[] = [];
  inOrder = 0;

  async read(subscription: Subscription, sentAtMs: readonly number[], latencies: Latencies): Promise<void> {
    for await (const event of subscription) {
      if (event.type === 'gap') this.wrong.push(`${event.firstSequence} to ${event.lastSequence} will not come (${event.cause})`);
      else for (const message of event.messages) this.#take(Number(Buffer.from(message).toString()), sentAtMs, latencies);
    }
  }

  #take(number: number, sentAtMs: readonly number[], latencies: Latencies): void {
    if (number === this.inOrder + 1) this.inOrder++;
    else this.wrong.push(`${number} after ${this.inOrder}`);
    latencies.took(performance.now() - (sentAtMs[number] ?? NaN));
  }
}

/** How long messages took, by the millisecond. */
class Latencies {
  #counts: number[] = [];
  #total = 0;

  took(ms: number): void {
    const at = Math.ceil(ms);
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#total++;
  }

  /** The p99 so far, ms; it begins anew. */
  takeP99(): number {
    let below = 0;
    const p99 = Object.entries(this.#counts).find(([, count]) => (below += count) >= 0.99 * this.#total)?.[0];
    this.#counts = [];
    this.#total = 0;
    return Number(p99);
  }
}

/** Restarts every node once, under so many messages a second that began `quietMs` before. */
export async function rollingRestart(overlay: LocalOverlay, { messagesPerS, quietMs }: { readonly messagesPerS: number; readonly quietMs: number }): Promise<Restarted> {
  const clients = await Promise.all(overlay.nodes.map((_, at) => clientAt(overlay, at)));
  try {
    return await underLoad(overlay, clients, { messagesPerS, quietMs });
  } finally {
    for (const client of clients) client.close();
  }
}

async function underLoad(overlay: LocalOverlay, clients: readonly Client[], { messagesPerS, quietMs }: { readonly messagesPerS: number; readonly quietMs: number }): Promise<Restarted> {
  const [publishing] = clients as [Client];
  await publishing.groups.create(GROUP);
  const sentAtMs: number[] = [];
  const latencies = new Latencies();
  const subscribers = await Promise.all(
    clients.map(async (client) => {
      const reader = new Reader();
      const subscription = await client.subscribe(GROUP, { onReconnect: (reconnect) => reader.reconnects.push(reconnect) });
      void reader.read(subscription, sentAtMs, latencies).catch((error: unknown) => reader.wrong.push(String(error)));
      return reader;
    }),
  );
  const publisherReconnects: Reconnect[] = [];
  const publisher = await publishing.publish(GROUP, { onReconnect: (reconnect) => publisherReconnects.push(reconnect) });
  const isOver = new AbortController();
  let sent = 0;
  const publishingIsDone = (async () => {
    for (const startedAt = performance.now(); !isOver.signal.aborted; await pause(TICK_MS)) {
      const due = Math.floor(((performance.now() - startedAt) * messagesPerS) / 1_000);
      while (sent < due) {
        sentAtMs[++sent] = performance.now();
        await publisher.send(Buffer.from(String(sent)));
      }
    }
  })();
  await pause(quietMs / 2);
  latencies.takeP99(); // of the first moments, in which the tree grows
  await pause(quietMs / 2);
  const before = latencies.takeP99();
  for (const { name } of overlay.nodes) {
    const sentBefore = sent;
    await overlay.restart(name);
    await eventually('messages flow on', () => sent > sentBefore + messagesPerS / 10);
  }
  isOver.abort();
  await publishingIsDone;
  const receipted = (await publisher.close()).messages;
  await eventually('every subscriber has the last message', () => subscribers.every(({ inOrder, wrong }) => inOrder === sent || wrong.length > 0));
  return { sent, receipted, subscribers, publisherReconnects, p99Ms: { before, during: latencies.takeP99() } };
}

/** A client that begins at one node and knows the others. */
function clientAt(overlay: LocalOverlay, at: number): Promise<Client> {
  const addresses = overlay.nodes.map((node) => node.addresses['api'] ?? '');
  return overlay.connect({ addresses: [...addresses.slice(at), ...addresses.slice(0, at)] });
}

/** Reconnects of which the client had not been told by `Moved`. */
export function untold(reconnects: readonly Reconnect[]): readonly string[] {
  return reconnects.filter(({ error }) => error.reason !== 'MOVED').map(({ lost, error }) => `${lost}: ${error.message}`);
}
