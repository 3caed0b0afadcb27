import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OverlayError } from '@banyan/grpc';
import { multicast } from '@banyan/proto';
import { connect, type Client } from './connect.ts';
import type { SubscriptionEvent } from './subscription-event.ts';
import type { Subscription } from './subscription.ts';
import { startTestOverlay } from './testing.ts';

describe('Subscription', () => {
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

  it('gives what was published, from the start asked for', async () => {
    append(40);
    expect(await collect(await client.subscribe('demo', { start: { type: 'last', count: 3n } }), 3)).toEqual(['37', '38', '39']);
    expect(await collect(await client.subscribe('demo', { start: { type: 'sequence', sequence: 2n } }), 2)).toEqual(['1', '2']);
    expect(await collect(await client.subscribe('demo', { start: { type: 'first' } }), 40)).toHaveLength(40);
    expect(await collect(await client.subscribe('demo'), 1)).toEqual(['39']);
  });

  it('goes on at another node from the next sequence', async () => {
    append(100);
    for (const node of overlay.nodes) node.messagesPerResponse = 1;
    const subscription = await client.subscribe('demo', { start: { type: 'first' } });
    const seen: string[] = [];
    for await (const event of subscription) {
      seen.push(...textsOf(event));
      if (seen.length === 32) overlay.nodes[0]?.kill();
      if (seen.length >= 100) break;
    }
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
    expect(overlay.nodes[1]?.subscribed[0]?.start?.start?.$case).toBe('sequence');
  });

  it('tells a gap where the next node no longer has the messages', async () => {
    append(20);
    const subscription = await client.subscribe('demo', { start: { type: 'first' } });
    const iterator = subscription[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toMatchObject({ type: 'messages', firstSequence: 1n });
    overlay.nodes[0]?.kill();
    append(20);
    overlay.log.low = 31n;
    const rest: SubscriptionEvent[] = [];
    while (!rest.some((event) => event.type === 'gap')) rest.push((await iterator.next()).value as SubscriptionEvent);
    expect(rest.at(-1)).toEqual({ type: 'gap', firstSequence: expect.any(BigInt) as bigint, lastSequence: 30n, cause: 'expired' });
    expect((await iterator.next()).value).toMatchObject({ type: 'messages', firstSequence: 31n });
    await subscription.close();
  });

  it('takes sequences anew after a partition healed, and tells that the others are void', async () => {
    const node = overlay.nodes[0]!;
    const said = (firstSequence: bigint, ...texts: string[]) => ({ response: { $case: 'messages' as const, value: { firstSequence, stampMs: 1n, messages: texts.map((text) => Buffer.from(text)) } } });
    const gap = { firstSequence: 2n, lastSequence: 3n, reason: multicast.GapReason.OTHER_EPOCH };
    node.saidFirst = [said(1n, 'one', 'two', 'three'), { response: { $case: 'gap', value: gap } }, said(2n, 'zwei', 'drei', 'vier')];
    const subscription = await client.subscribe('demo');
    expect(await collect(subscription, 7)).toEqual(['one', 'two', 'three', 'gap 2-3', 'zwei', 'drei', 'vier']);
    expect(subscription.nextSequence).toBe(5n);
  });

  it('answers what is offered to one member of the group, and passes on what it does not want', async () => {
    await expect(client.anycast('demo', Buffer.from('job'))).rejects.toMatchObject({ reason: 'NOBODY_ACCEPTED' });
    const subscription = await client.subscribe('demo', { answer: (payload) => (payload.length < 4 ? Buffer.from(`did ${Buffer.from(payload).toString()}`) : Promise.reject(new Error('too much'))) });
    const reading = collect(subscription, 1);
    expect(await client.anycast('demo', Buffer.from('job'))).toMatchObject({ reply: Buffer.from('did job'), visits: 2 });
    await client.anycast('demo', Buffer.from('much more'));
    expect(overlay.nodes[0]?.anycastAnswers.map(({ group, offer, accept }) => [group, offer, accept])).toEqual([['admin/demo', 7n, true], ['admin/demo', 7n, false]]);
    append(1);
    await reading;
  });

  it('goes where a node that leaves sends it, also where it knew of no other', async () => {
    const [leaver, other] = overlay.nodes;
    append(5);
    leaver!.saidFirst = [{ response: { $case: 'moved', value: { addresses: [other!.address], resumeSequence: 1n, deadlineMs: 5_000n } } }];
    const lonely = await connect({ addresses: [leaver!.address], authority: overlay.authority, patienceMs: 5_000 });
    const moves: string[] = [];
    const subscription = await lonely.subscribe('demo', { start: { type: 'first' }, onReconnect: ({ error }) => moves.push(error.reason) });
    expect(await collect(subscription, 5)).toEqual(['0', '1', '2', '3', '4']);
    expect(moves).toEqual(['MOVED']);
    lonely.close();
  });

  it('starts at a moment', async () => {
    append(3);
    await (await client.subscribe('demo', { start: { type: 'time', timeMs: 1_234.5 } })).close();
    expect(overlay.nodes[0]?.subscribed.at(-1)?.start?.start).toEqual({ $case: 'timeMs', value: 1_234n });
  });

  it('holds the node back while nothing is taken', async () => {
    overlay.log.messages.push(...Array.from({ length: 400 }, () => Buffer.alloc(60_000)));
    for (const node of overlay.nodes) node.messagesPerResponse = 1;
    const subscription = await client.subscribe('demo', { start: { type: 'first' } });
    const iterator = subscription[Symbol.asyncIterator]();
    await iterator.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(overlay.nodes[0]?.written).toBeLessThan(400);
    await subscription.close();
  });

  it('tells a refusal with its reason', async () => {
    for (const node of overlay.nodes) node.refusal = new OverlayError('GROUP_NOT_FOUND', "no group 'admin/demo'");
    await expect(client.subscribe('demo')).rejects.toMatchObject({ reason: 'GROUP_NOT_FOUND' });
  });

  it('ends quietly when closed', async () => {
    const subscription = await client.subscribe('demo');
    const reading = collect(subscription, 1);
    await subscription.close();
    expect(await reading).toEqual([]);
  });

  it('ends quietly when its client is closed', async () => {
    const reading = collect(await client.subscribe('demo'), 1);
    client.close();
    expect(await reading).toEqual([]);
    await expect(client.overlay.lookup('x')).rejects.toMatchObject({ reason: 'CANCELLED' });
  });

  function append(count: number): void {
    const from = overlay.log.messages.length;
    overlay.log.append(Buffer.from([from]), { firstCounter: 1n, messages: Array.from({ length: count }, (_, i) => Buffer.from(String(from + i))) });
  }
});

async function collect(subscription: Subscription, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of subscription) {
    seen.push(...textsOf(event));
    if (seen.length >= count) break;
  }
  return seen.slice(0, count);
}

function textsOf(event: SubscriptionEvent): string[] {
  return event.type === 'gap' ? [`gap ${event.firstSequence}-${event.lastSequence}`] : event.messages.map((message) => Buffer.from(message).toString());
}
