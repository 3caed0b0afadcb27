import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OverlayError } from '@banyan/grpc';
import { connect, type Client } from './connect.ts';
import { startTestOverlay } from './testing.ts';

describe('Publisher', () => {
  let overlay: Awaited<ReturnType<typeof startTestOverlay>>;
  let client: Client;

  beforeEach(async () => {
    overlay = await startTestOverlay(2);
    client = await connect({ addresses: overlay.nodes.map((node) => node.address), authority: overlay.authority, patienceMs: 5_000 });
  });
  afterEach(() => {
    client.close();
    overlay.stop();
  });

  it('publishes in order and says where the messages are when it closes', async () => {
    const publisher = await client.publish('demo');
    for (let i = 0; i < 100; i++) await publisher.send(Buffer.from(`message ${i}`));
    expect(await publisher.close()).toMatchObject({ messages: 100, firstSequence: 1n, lastSequence: 100n });
    expect(overlay.log.messages.map((message) => Buffer.from(message).toString())).toEqual(Array.from({ length: 100 }, (_, i) => `message ${i}`));
    expect(overlay.nodes[0]?.opened[0]?.group).toBe('admin/demo');
  });

  it('puts the messages of one turn into one batch', async () => {
    const publisher = await client.publish('demo');
    await Promise.all(Array.from({ length: 50 }, () => publisher.send(Buffer.from('x'))));
    await publisher.close();
    expect(overlay.log.batches).toBe(1);
  });

  it('waits for room when nothing is receipted, and goes on at another node without loss or double', async () => {
    const [first, second] = overlay.nodes;
    if (first === undefined || second === undefined) throw new Error('two nodes');
    first.swallowReceipts = true;
    const publisher = await client.publish('demo', { limits: { unreceiptedBytesMax: 200_000 } });
    let taken = 0;
    const all = Promise.all(Array.from({ length: 40 }, (_, i) => publisher.send(Buffer.alloc(10_000, i)).then(() => taken++)));
    await until(() => overlay.log.messages.length >= 12);
    expect(taken).toBe(20);
    expect(publisher.unreceiptedBytes).toBe(200_000);

    first.kill();
    await all;
    expect(await publisher.close()).toMatchObject({ messages: 40 });
    expect(overlay.log.messages.map((message) => message[0])).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(overlay.log.retries).toBeGreaterThan(0);
    expect(second.opened[0]?.session).toEqual(first.opened[0]?.session);
  });

  it('hands out receipts to a reader', async () => {
    const publisher = await client.publish('demo');
    const seen: bigint[] = [];
    const reading = (async () => {
      for await (const receipt of publisher.receipts()) seen.push(receipt.firstSequence);
    })();
    await publisher.send(Buffer.from('a'));
    await publisher.close();
    await reading;
    expect(seen).toEqual([1n]);
  });

  it('tells a refusal at once, with its reason', async () => {
    for (const node of overlay.nodes) node.refusal = new OverlayError('PUBLISH_NOT_ALLOWED', 'not you');
    await expect(client.publish('demo')).rejects.toMatchObject({ reason: 'PUBLISH_NOT_ALLOWED' });
  });

  it('passes over a node that is not ready', async () => {
    const [first] = overlay.nodes;
    if (first !== undefined) first.refusal = new OverlayError('NOT_READY', 'joining');
    const publisher = await client.publish('demo');
    await publisher.send(Buffer.from('a'));
    expect(await publisher.close()).toMatchObject({ messages: 1 });
  });

  it('fails every later send when it cannot go on', async () => {
    const publisher = await client.publish('demo');
    for (const node of overlay.nodes) node.refusal = new OverlayError('GROUP_DELETED', 'gone');
    await publisher.send(Buffer.from('a'));
    await expect(publisher.close()).rejects.toMatchObject({ reason: 'GROUP_DELETED' });
    await expect(publisher.send(Buffer.from('b'))).rejects.toMatchObject({ reason: 'GROUP_DELETED' });
  });

  it.each(['connected', 'looking for a node'])('ends at once when aborted while %s', async (state) => {
    for (const node of overlay.nodes) node.swallowReceipts = true;
    const publisher = await client.publish('demo', { limits: { unreceiptedBytesMax: 1 } });
    await publisher.send(Buffer.from('a'));
    const waiting = publisher.send(Buffer.from('b'));
    if (state !== 'connected') overlay.stop();
    publisher.abort();
    await expect(waiting).rejects.toMatchObject({ reason: 'CANCELLED' });
    await expect(publisher.close()).rejects.toMatchObject({ reason: 'CANCELLED' });
  });

  it('publishes 8 MiB as one message that every subscriber gets whole, also when its node dies meanwhile', async () => {
    for (const node of overlay.nodes) node.messagesPerResponse = 4;
    const message = Buffer.from(Array.from({ length: 8 * 1024 * 1024 }, (_, i) => i % 251));
    const subscription = await client.subscribe('demo', { start: { type: 'first' } });
    const publisher = await client.publish('demo');
    await publisher.send(Buffer.from('before'));
    const sent = publisher.send(message).then(() => publisher.send(Buffer.from('after')));
    await until(() => overlay.log.messages.length >= 40);
    overlay.nodes[0]?.kill();
    await sent;
    expect(await publisher.close()).toMatchObject({ messages: 3, bytes: message.length + 11, lastSequence: 130n });
    const got: Uint8Array[] = [];
    for await (const event of subscription) {
      if (event.type === 'messages') got.push(...event.messages);
      if (got.length === 3) break;
    }
    expect(Buffer.compare(Buffer.from(got[1] ?? []), message)).toBe(0);
    expect([got[0], got[2]].map((text) => Buffer.from(text ?? []).toString())).toEqual(['before', 'after']);
  });

  it('refuses a message over 64 MiB without disturbing the session', async () => {
    const publisher = await client.publish('demo');
    await expect(publisher.send(new Uint8Array(64 * 1024 * 1024 + 1))).rejects.toMatchObject({ reason: 'MESSAGE_TOO_LARGE' });
    await publisher.send(Buffer.from('small'));
    expect(await publisher.close()).toMatchObject({ messages: 1 });
  });

  it('refuses a name that no group can have, before anything is sent', async () => {
    await expect(client.publish('Demo!')).rejects.toMatchObject({ reason: 'GROUP_NAME_INVALID' });
    await expect(client.subscribe('a/*')).rejects.toMatchObject({ reason: 'GROUP_NAME_INVALID' });
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
