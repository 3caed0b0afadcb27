// The data plane owes nothing to the control plane: with all of it killed, what runs goes on.
import type { Client, Subscription, SubscriptionEvent } from '@banyan/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { banyanCommand, banyanJson } from './testing/cli-process.ts';
import { sharedOverlay } from './testing/test-overlay.ts';

const GROUP = 'admin/steady';
const scene = sharedOverlay('data-plane', { nodes: 5 });
let client: Client;
let subscription: Subscription;
let events: AsyncIterator<SubscriptionEvent>;

beforeAll(async () => {
  client = await scene.overlay.connect();
  await client.groups.create(GROUP);
  subscription = await client.subscribe(GROUP);
  events = subscription[Symbol.asyncIterator]();
  await publishAndReceive('before');
  for (const name of ['auth', 'bootstrap', 'tree-builder']) await scene.overlay.kill(name, 'SIGKILL');
});

afterAll(async () => {
  await subscription?.close();
  client?.close();
});

it('keeps delivering a running group', async () => {
  await publishAndReceive('after');
});

it('lets a node that never saw the group join it', async () => {
  const other = await scene.overlay.connect({ addresses: [scene.overlay.nodes.at(-1)?.addresses['api'] ?? ''] });
  const late = await other.subscribe(GROUP, { start: { type: 'first' } });
  const [first] = await take(late[Symbol.asyncIterator](), 2);
  expect(first).toBe('before');
  await late.close();
  other.close();
});

it('keeps answering route', async () => {
  const { code, stderr } = await banyanCommand(scene.overlay.paths.dataDir, 'route', 'some-key', '--dry-run');
  expect(code, stderr).toBe(0);
  const traced = await banyanJson<{ readonly root: unknown }>(scene.overlay.paths.dataDir, 'route', 'another-key', '--dry-run');
  expect(traced.root).toBeDefined();
});

async function publishAndReceive(text: string): Promise<void> {
  const publisher = await client.publish(GROUP);
  await publisher.send(Buffer.from(text));
  await publisher.close();
  expect(await take(events, 1)).toEqual([text]);
}

/** The next `count` messages of a subscription as text. */
async function take(from: AsyncIterator<SubscriptionEvent>, count: number): Promise<readonly string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const next = await from.next();
    if (next.done === true) throw new Error('the subscription ended');
    if (next.value.type === 'gap') throw new Error(`a gap: ${next.value.cause}`);
    texts.push(...next.value.messages.map((message) => Buffer.from(message).toString()));
  }
  return texts;
}
