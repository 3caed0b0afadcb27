import { afterEach, describe, expect, it } from 'vitest';
import { groupKey } from '@banyan/identity';
import { decodePayload } from '@banyan/wire';
import type { Ongoing, Publication, SubscriptionEvent } from './contract.ts';
import type { OverlayHost } from './overlay-host.ts';
import { HostRing } from './testing/host-ring.ts';

let ring: HostRing | undefined;

afterEach(async () => {
  await ring?.stop();
  ring = undefined;
});

const NAME = 'ann/news';
const group = groupKey(NAME);

/** Reads until `count` messages came; gaps are an error. */
async function read(events: AsyncIterator<SubscriptionEvent>, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const { value, done } = await events.next();
    if (done === true) throw new Error(`ended after ${texts.length} of ${count}`);
    if (value.type === 'gap') throw new Error(`gap ${value.from}..${value.to} ${value.reason}`);
    if (value.type === 'messages') texts.push(...decodePayload(value.payload)!.map((message) => Buffer.from(message).toString()));
  }
  return texts;
}

async function subscribed(host: OverlayHost, descriptor?: Parameters<OverlayHost['groups']['subscribe']>[0]['descriptor']): Promise<{ stream: Ongoing<SubscriptionEvent>; events: AsyncIterator<SubscriptionEvent> }> {
  const stream = host.groups.subscribe({ group, start: { type: 'latest' }, ...(descriptor === undefined ? {} : { descriptor }) });
  const events = stream[Symbol.asyncIterator]();
  expect((await events.next()).value).toMatchObject({ type: 'subscribed' });
  return { stream, events };
}

async function receipts(publication: Publication, count: number): Promise<number> {
  let received = 0;
  for await (const receipt of publication.receipts) {
    received += receipt.count;
    if (received >= count) break;
  }
  return received;
}

describe('a group over some hosts', () => {
  it('brings every message once, in order, to every subscriber', async () => {
    ring = await HostRing.of(4);
    const descriptor = await ring.group(NAME);
    await ring.hosts[0]!.groups.open(descriptor);
    const readers = await Promise.all(ring.hosts.map((host) => subscribed(host)));
    const publication = ring.hosts[1]!.groups.publish({ group, client: 'ann' });
    const expected = Array.from({ length: 150 }, (_, i) => `message ${i}`);
    for (let i = 0; i < expected.length; i += 3) await publication.send({ counter: i + 1, messages: expected.slice(i, i + 3).map((text) => Buffer.from(text)) });
    for (const { events } of readers) expect(await read(events, expected.length)).toEqual(expected);
    const places = ring.hosts.map((host) => host.groups.place(group));
    expect(places.filter((place) => place?.role === 'root')).toHaveLength(1);
    for (const { stream } of readers) stream.close();
  });

  it('brings the same over stripes, each payload by one of them', async () => {
    ring = await HostRing.of(5);
    const descriptor = await ring.group(NAME, { stripes: 4 });
    await ring.hosts[0]!.groups.open(descriptor);
    const readers = await Promise.all(ring.hosts.map((host) => subscribed(host)));
    // Who has no descriptor and no part in the group has his messages carried by the main tree.
    const publication = ring.hosts[1]!.groups.publish({ group, client: 'ann', descriptor });
    const expected = Array.from({ length: 150 }, (_, i) => `message ${i}`);
    for (let i = 0; i < expected.length; i += 3) await publication.send({ counter: i + 1, messages: expected.slice(i, i + 3).map((text) => Buffer.from(text)) });
    for (const { events } of readers) expect(await read(events, expected.length)).toEqual(expected);
    // Stripes are no groups by themselves.
    expect(ring.hosts.flatMap((host) => host.groups.places()).every((place) => place.group === group)).toBe(true);
    for (const { stream } of readers) stream.close();
  });

  it('receipts every batch, and numbers a retry as the first time', async () => {
    ring = await HostRing.of(3);
    const descriptor = await ring.group(NAME);
    const publication = ring.hosts[2]!.groups.publish({ group, client: 'ann', session: 'ab'.repeat(16), descriptor });
    expect(() => ring!.hosts[2]!.groups.publish({ group, client: 'ann', session: 'ab'.repeat(16) })).toThrow(expect.objectContaining({ reason: 'SESSION_TAKEN' }));
    for (let counter = 1; counter <= 50; counter++) await publication.send({ counter, messages: [Buffer.from('x')] });
    await expect(publication.send({ counter: 99, messages: [Buffer.from('x')] })).rejects.toMatchObject({ reason: 'BATCH_OUT_OF_ORDER', metadata: { expected: '51' } });
    await expect(publication.send({ counter: 51, messages: [Buffer.alloc(1_100_000)] })).rejects.toMatchObject({ reason: 'MESSAGE_TOO_LARGE' });
    expect(await receipts(publication, 50)).toBe(50);
    expect(publication.unreceiptedBytes).toBe(0);
  });

  it('holds back a publisher, not his subscribers, while too much has no receipt', async () => {
    ring = await HostRing.of(3);
    const descriptor = await ring.group(NAME);
    await ring.hosts[0]!.groups.open(descriptor);
    const { events } = await subscribed(ring.hosts[1]!);
    const publication = ring.hosts[0]!.groups.publish({ group, client: 'ann' });
    const message = Buffer.alloc(256 * 1024, 'x');
    let most = 0;
    const publishing = (async () => {
      for (let counter = 1; counter <= 40; counter++) {
        await publication.send({ counter, messages: [message] });
        most = Math.max(most, publication.unreceiptedBytes);
      }
    })();
    const texts = await read(events, 40);
    await publishing;
    expect(texts.every((text) => text.length === message.length)).toBe(true);
    expect(most).toBeLessThanOrEqual(8 * 1024 * 1024);
  });

  it('refuses a descriptor that no tree builder signed, and tells when nobody knows a group', async () => {
    ring = await HostRing.of(2);
    const forged = await (await HostRing.of(0)).group(NAME);
    expect(() => ring!.hosts[0]!.groups.verify(forged)).toThrow(expect.objectContaining({ reason: 'DESCRIPTOR_INVALID' }));
    const publication = ring.hosts[0]!.groups.publish({ group: groupKey('ann/unknown'), client: 'ann' });
    await publication.send({ counter: 1, messages: [Buffer.from('x')] });
    await expect(receipts(publication, 1)).rejects.toMatchObject({ reason: 'GROUP_NOT_FOUND' });
  });
});
