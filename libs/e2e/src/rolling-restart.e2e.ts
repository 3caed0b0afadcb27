// An upgrade as operators do it: every node is stopped in order and started again, one after the other, while messages flow.
// Nothing is lost, and no client is cut off without having been told where to go on.
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, Reconnect, Subscription } from '@banyan/client';
import { afterAll, expect, it } from 'vitest';
import { eventually } from './testing/eventually.ts';
import { sharedOverlay } from './testing/test-overlay.ts';

const GROUP = 'admin/rolling';
const NODES = 8;
const MESSAGES_PER_S = 300;
const TICK_MS = 10;
/** More than a drain needs; what would need it all is lost, and seen. */
const STOP_GRACE_MS = 15_000;
const scene = sharedOverlay('rolling', { nodes: NODES, stopGraceMs: STOP_GRACE_MS });
const clients: Client[] = [];

/** What one subscriber saw. */
interface Seen {
  readonly numbers: number[];
  readonly gaps: string[];
  readonly reconnects: Reconnect[];
}

afterAll(async () => {
  for (const client of clients) client.close();
});

it(`restarts ${NODES} nodes one by one under ${MESSAGES_PER_S} messages/s: nothing is lost, nobody is cut off without being told`, async () => {
  const publisherClient = await clientAt(0);
  await publisherClient.groups.create(GROUP);
  const seen = await Promise.all(Array.from({ length: NODES }, (_, at) => startSubscriber(at)));
  const publisherReconnects: Reconnect[] = [];
  const publisher = await publisherClient.publish(GROUP, { onReconnect: (reconnect) => publisherReconnects.push(reconnect) });
  const isOver = new AbortController();
  let sent = 0;
  const publishing = (async () => {
    for (const startedAt = performance.now(); !isOver.signal.aborted; await pause(TICK_MS)) {
      const due = Math.floor(((performance.now() - startedAt) * MESSAGES_PER_S) / 1_000);
      while (sent < due) await publisher.send(Buffer.from(String(++sent)));
    }
  })();
  const { nodes } = scene.overlay;
  for (const { name } of nodes) {
    const before = sent;
    await scene.overlay.restart(name);
    await eventually('messages flow on', () => sent > before + MESSAGES_PER_S / 10);
  }
  isOver.abort();
  await publishing;
  expect((await publisher.close()).messages).toBe(sent);
  await eventually('every subscriber has the last message', () => seen.every(({ numbers }) => numbers.at(-1) === sent));
  const all = Array.from({ length: sent }, (_, at) => at + 1);
  for (const [at, { numbers, gaps, reconnects }] of seen.entries()) {
    expect(gaps, `subscriber ${at + 1}`).toEqual([]);
    expect(numbers, `subscriber ${at + 1}`).toEqual(all);
    expect(reconnects.filter(({ error }) => error.reason !== 'MOVED').map(({ lost, error }) => `${lost}: ${error.message}`), `subscriber ${at + 1}`).toEqual([]);
    expect(reconnects.length).toBeGreaterThan(0);
  }
  expect(publisherReconnects.filter(({ error }) => error.reason !== 'MOVED').map(({ error }) => error.message)).toEqual([]);
});

async function startSubscriber(at: number): Promise<Seen> {
  const seen: Seen = { numbers: [], gaps: [], reconnects: [] };
  const client = await clientAt(at);
  const subscription = await client.subscribe(GROUP, { onReconnect: (reconnect) => seen.reconnects.push(reconnect) });
  void read(subscription, seen).catch((error: unknown) => seen.gaps.push(String(error)));
  return seen;
}

async function read(subscription: Subscription, { numbers, gaps }: Seen): Promise<void> {
  for await (const event of subscription) {
    if (event.type === 'gap') gaps.push(`${event.firstSequence} to ${event.lastSequence} (${event.cause})`);
    else numbers.push(...event.messages.map((message) => Number(Buffer.from(message).toString())));
  }
}

/** A client that begins at one node and knows the others. */
async function clientAt(at: number): Promise<Client> {
  const addresses = scene.overlay.nodes.map((node) => node.addresses['api'] ?? '');
  const client = await scene.overlay.connect({ addresses: [...addresses.slice(at), ...addresses.slice(0, at)] });
  clients.push(client);
  return client;
}
