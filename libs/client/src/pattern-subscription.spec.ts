import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, type Client } from './connect.ts';
import type { PatternEvent } from './pattern-subscription.ts';
import { startTestOverlay } from './testing.ts';

describe('PatternSubscription', () => {
  let overlay: Awaited<ReturnType<typeof startTestOverlay>>;
  let client: Client;

  beforeEach(async () => {
    overlay = await startTestOverlay(1);
    const address = overlay.nodes[0]?.address ?? '';
    client = await connect({ addresses: [address], treeBuilder: address, authority: overlay.authority, patienceMs: 5_000 });
    overlay.log.append(Buffer.from([0]), { firstCounter: 1n, messages: [Buffer.from('a'), Buffer.from('b')] });
  });
  afterEach(() => {
    client.close();
    overlay.stop();
  });

  it('reads the groups there are, and those that are made later, until they are deleted', async () => {
    await client.groups.create('news/one');
    await client.groups.create('news/deep/two');
    const all = await client.subscribeAll('news/*', { start: { type: 'first' } });
    expect(all.groups).toEqual(['news/one']);
    const events = all[Symbol.asyncIterator]();
    expect([await told(events), await told(events)]).toEqual(['news/one opened', 'news/one messages 2']);
    await client.groups.create('news/three');
    expect([await told(events), await told(events)]).toEqual(['news/three opened', 'news/three messages 2']);
    await client.groups.delete('news/one');
    expect(await told(events)).toEqual('news/one gone');
    expect(all.groups).toEqual(['news/three']);
    await all.close();
    expect((await events.next()).done).toBe(true);
  });

  it('keeps one event of each group waiting for a reader who takes none', async () => {
    for (const node of overlay.nodes) node.messagesPerResponse = 1;
    overlay.log.messages.push(...Array.from({ length: 400 }, () => Buffer.alloc(60_000)));
    await client.groups.create('news/one');
    const all = await client.subscribeAll('news/>', { start: { type: 'first' } });
    await told(all[Symbol.asyncIterator]());
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(overlay.nodes[0]?.written).toBeLessThan(400);
    await all.close();
  });
});

async function told(events: AsyncIterator<PatternEvent, void>): Promise<string> {
  const { value: event } = await events.next();
  if (event === undefined) return 'the end';
  return `${event.group} ${event.type}${event.type === 'messages' ? ` ${event.messages.length}` : ''}`;
}
