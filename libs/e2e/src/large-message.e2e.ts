// One message of 8 MiB over real nodes, in parts that each forwarder passes on before the next one is there; and one that
// its publisher leaves in the middle.
import { randomBytes } from 'node:crypto';
import type { Client, Subscription, SubscriptionEvent } from '@banyan/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './testing/eventually.ts';
import { sharedOverlay } from './testing/test-overlay.ts';

const MESSAGE_BYTES = 8 * 1024 * 1024;
const scene = sharedOverlay('large', { nodes: 5 });
let clients: Client[] = [];

beforeAll(async () => {
  clients = await Promise.all(scene.overlay.nodes.map((node) => scene.overlay.connect({ addresses: [node.addresses['api'] ?? ''] })));
});
afterAll(async () => {
  for (const client of clients) client.close();
});

it('brings a message of 8 MiB whole to subscribers on every node, and to who comes later', async () => {
  const [first] = clients;
  await first!.groups.create('large');
  const message = randomBytes(MESSAGE_BYTES);
  const readers = await Promise.all(clients.map((client) => client.subscribe('large')));
  const publisher = await first!.publish('large');
  await publisher.send(message);
  expect(await publisher.close()).toMatchObject({ messages: 1, bytes: MESSAGE_BYTES });
  readers.push(await clients[1]!.subscribe('large', { start: { type: 'last', count: 1n } }));
  for (const reader of readers) {
    const event = await nextOf(reader);
    expect(event.type === 'messages' && Buffer.compare(Buffer.from(event.messages[0] ?? []), message)).toBe(0);
  }
});

it('tells a message that its publisher left in the middle as a gap, and gives none of it', async () => {
  const [first, second] = clients;
  await first!.groups.create('left');
  const reader = await second!.subscribe('left');
  const publisher = await first!.publish('left');
  const sending = publisher.send(randomBytes(2 * MESSAGE_BYTES));
  await sending;
  await eventually('some of it has its receipt', () => publisher.unreceiptedBytes < 2 * MESSAGE_BYTES);
  publisher.abort();
  const gap = await nextOf(reader);
  expect(gap).toMatchObject({ type: 'gap', firstSequence: 1n, cause: 'aborted' });
});

async function nextOf(subscription: Subscription): Promise<SubscriptionEvent> {
  for await (const event of subscription) return event;
  throw new Error('the subscription ended');
}
