import type { ClientDuplexStream } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callUnary } from '@banyan/grpc';
import { multicast } from '@banyan/proto';
import { reader, refusalOf } from './testing/calls.ts';
import { signGroup } from './testing/control-plane.ts';
import { startTestRing, type TestRing } from './testing/test-ring.ts';

type PublishCall = ClientDuplexStream<multicast.PublishRequest, multicast.PublishResponse>;

let ring: TestRing;

beforeAll(async () => {
  ring = await startTestRing(3);
});
afterAll(() => ring.stop());

async function clientAt(at: number, subject: string, scopes: readonly string[]): Promise<multicast.MulticastServiceClient> {
  return ring.nodes[at]!.multicastClient(await ring.trust.token(subject, scopes));
}

function opening(group: string, fields: Partial<multicast.PublishOpen> = {}): multicast.PublishRequest {
  return { request: { $case: 'open', value: { group, session: new Uint8Array(), descriptor: undefined, ...fields } } };
}

function batch(firstCounter: number, ...texts: readonly string[]): multicast.PublishRequest {
  return { request: { $case: 'batch', value: { firstCounter: BigInt(firstCounter), messages: texts.map((text) => Buffer.from(text)) } } };
}

async function open(call: PublishCall, group: string) {
  call.write(opening(group));
  const told = reader<multicast.PublishResponse>(call);
  const { response } = await told.next();
  if (response?.$case !== 'opened') throw new Error('the session does not stand');
  return { told, opened: response.value };
}

async function receipt(told: { next(): Promise<multicast.PublishResponse> }): Promise<multicast.Receipt> {
  const { response } = await told.next();
  if (response?.$case !== 'receipt') throw new Error('this is no receipt');
  return response.value;
}

/** The next `count` messages of a subscription as texts. */
async function texts(told: { next(): Promise<multicast.SubscribeResponse> }, count: number): Promise<string[]> {
  const received: string[] = [];
  while (received.length < count) {
    const { response } = await told.next();
    if (response?.$case === 'gap') throw new Error('a gap');
    if (response?.$case === 'messages') received.push(...response.value.messages.map((message) => Buffer.from(message).toString()));
  }
  return received;
}

const subscription = (group: string, start?: multicast.Start['start']): multicast.SubscribeRequest => ({ group, start: { start }, descriptor: undefined, slowPolicy: multicast.SlowPolicy.UNSPECIFIED });

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('Anycast', () => {
  it('is taken by a near subscriber that answers, and says clearly when nobody does', async () => {
    ring.plane.createGroup('alice/jobs');
    const asker = await clientAt(0, 'alice', ['publish:alice/jobs']);
    const order = (payload: string, visitsMax = 0) => ({ group: 'alice/jobs', payload: Buffer.from(payload), visitsMax, descriptor: undefined });
    const anycast = asker.anycast.bind(asker);
    expect(await refusalOf(anycast, order('early'))).toBe('NOBODY_ACCEPTED');
    const members = await Promise.all(ring.nodes.map(async (_, at) => {
      const client = await clientAt(at, 'bob', ['subscribe:alice/*']);
      const call = client.subscribe({ ...subscription('alice/jobs'), answersAnycasts: true });
      const told = reader(call);
      await told.next();
      const offers: string[] = [];
      const answers = async (accept: boolean): Promise<void> => {
        const { response } = await told.next();
        if (response?.$case !== 'anycast') throw new Error('this is no offer');
        offers.push(Buffer.from(response.value.payload).toString());
        await callUnary(client.answerAnycast.bind(client), { group: 'alice/jobs', offer: response.value.offer, accept, reply: Buffer.from(`by ${at}`) });
      };
      return { answers, offers, client };
    }));
    const [taken] = await Promise.all([callUnary(anycast, order('first')), members[0]!.answers(true)]);
    expect(taken).toMatchObject({ reply: Buffer.from('by 0'), visits: 1 });
    const [refusal] = await Promise.all([refusalOf(anycast, order('second')), ...members.map(({ answers }) => answers(false))]);
    expect(refusal).toBe('NOBODY_ACCEPTED');
    expect(members.map(({ offers }) => offers.at(-1))).toEqual(['second', 'second', 'second']);
    const { client } = members[1]!;
    expect(await refusalOf(client.answerAnycast.bind(client), { group: 'alice/jobs', offer: 9_999n, accept: true, reply: Buffer.alloc(0) })).toBe('OFFER_GONE');
    expect(await refusalOf(anycast, order('x'.repeat(65_537)))).toBe('PAYLOAD_TOO_LARGE');
    expect(await refusalOf(anycast, order('x', 65))).toBe('REQUEST_INVALID');
    const stranger = await clientAt(0, 'bob', ['subscribe:alice/jobs']);
    expect(await refusalOf(stranger.anycast.bind(stranger), order(''))).toBe('SCOPE_MISSING');
  });
});

describe('Publish and Subscribe', () => {
  it('carry messages in order to a subscriber on every node, with receipts', async () => {
    ring.plane.createGroup('alice/news');
    const subscribers = await Promise.all(ring.nodes.map(async (_, at) => {
      const client = await clientAt(at, 'bob', ['subscribe:alice/*']);
      const told = reader(client.subscribe(subscription('alice/news')));
      const { response } = await told.next();
      expect(response?.$case === 'subscribed' && response.value.nextSequence).toBe(1n);
      return told;
    }));
    const publisher = (await clientAt(0, 'alice', ['publish:alice/news'])).publish();
    const { told, opened } = await open(publisher, 'alice/news');
    expect(opened.session).toHaveLength(16);
    expect(opened.unreceiptedBytesMax).toBe(8_388_608n);
    publisher.write(batch(1, 'one', 'two'));
    publisher.write(batch(3, 'three'));
    expect([await receipt(told), await receipt(told)]).toEqual([
      { firstCounter: 1n, count: 2, firstSequence: 1n },
      { firstCounter: 3n, count: 1, firstSequence: 3n },
    ]);
    for (const subscriber of subscribers) expect(await texts(subscriber, 3)).toEqual(['one', 'two', 'three']);
    publisher.end();
    await expect(told.next()).rejects.toThrow('the stream ended');
  });

  it('start where they are asked to', async () => {
    ring.plane.createGroup('alice/log');
    const publisher = (await clientAt(1, 'alice', ['publish:alice/*'])).publish();
    const { told } = await open(publisher, 'alice/log');
    for (const [at, text] of ['a', 'b', 'c', 'd'].entries()) publisher.write(batch(at + 1, text));
    for (let receipts = 0; receipts < 4; receipts++) await receipt(told);
    const client = await clientAt(2, 'bob', ['subscribe:alice/log']);
    const from = async (start: multicast.Start['start'], count: number) => {
      const call = client.subscribe(subscription('alice/log', start));
      const received = await texts(reader(call), count);
      call.cancel();
      return received;
    };
    expect(await from({ $case: 'first', value: true }, 4)).toEqual(['a', 'b', 'c', 'd']);
    expect(await from({ $case: 'sequence', value: 3n }, 2)).toEqual(['c', 'd']);
    expect(await from({ $case: 'last', value: 2n }, 2)).toEqual(['c', 'd']);
    expect(await from({ $case: 'latest', value: true }, 1)).toEqual(['d']);
    publisher.end();
  });

  it('give a retried batch its first receipt', async () => {
    ring.plane.createGroup('alice/retry');
    const publisher = (await clientAt(0, 'alice', ['publish:alice/*'])).publish();
    const { told } = await open(publisher, 'alice/retry');
    publisher.write(batch(1, 'once'));
    const original = await receipt(told);
    publisher.write(batch(1, 'once'));
    expect(await receipt(told)).toEqual(original);
    publisher.end();
  });

  it('hold back a publisher that has no receipts, and a writer whose reader rests', async () => {
    ring.plane.createGroup('alice/bulk');
    const resting = (await clientAt(2, 'bob', ['subscribe:alice/bulk'])).subscribe(subscription('alice/bulk', { $case: 'first', value: true }));
    await new Promise<void>((resolve) => resting.once('data', () => (resting.pause(), resolve())));
    const publisher = (await clientAt(0, 'alice', ['publish:alice/bulk'])).publish();
    const { told } = await open(publisher, 'alice/bulk');
    const batches = 48;
    const text = 'x'.repeat(262_144);
    for (let at = 1; at <= batches; at++) publisher.write(batch(at, text));
    for (let at = 1; at <= batches; at++) expect((await receipt(told)).firstSequence).toBe(BigInt(at));
    // A reader that rests has stopped nobody, and finds everything (or what retention left, told as a gap) when it reads on.
    let next = 1n;
    resting.on('data', ({ response }: multicast.SubscribeResponse) => {
      if (response?.$case === 'messages') next = response.value.firstSequence + BigInt(response.value.messages.length);
    });
    resting.resume();
    while (next <= BigInt(batches)) await new Promise((resolve) => setTimeout(resolve, 20));
    publisher.end();
    resting.on('error', () => undefined).cancel();
  });

  it('go on with a descriptor that comes with the call, unknown to the directory', async () => {
    const descriptor = signGroup(await ring.trust.issue({ role: 'builder' }), 'alice/given');
    const client = await clientAt(0, 'alice', ['publish:alice/*', 'subscribe:alice/*']);
    const told = reader(client.subscribe({ ...subscription('alice/given'), descriptor }));
    expect((await told.next()).response?.$case).toBe('subscribed');
    const publisher = client.publish();
    publisher.on('error', () => undefined).resume();
    publisher.write(opening('alice/given', { descriptor }));
    publisher.write(batch(1, 'given'));
    expect(await texts(told, 1)).toEqual(['given']);
    publisher.end();
  });

  it('refuse who may not, and what is not there', async () => {
    ring.plane.createGroup('alice/private', { publishers: ['alice'], subscribers: ['alice'] });
    ring.plane.createGroup('alice/gone', { deleted: true });
    const publish = async (subject: string, scopes: readonly string[], ...requests: readonly multicast.PublishRequest[]) => {
      const call = (await clientAt(0, subject, scopes)).publish();
      for (const request of requests) call.write(request);
      return reader<multicast.PublishResponse>(call).reason();
    };
    const subscribe = async (subject: string, scopes: readonly string[], request: multicast.SubscribeRequest) => reader((await clientAt(0, subject, scopes)).subscribe(request)).reason();
    const all = ['publish:*', 'subscribe:*'];
    expect(await publish('bob', ['publish:bob/*'], opening('alice/news'))).toBe('SCOPE_MISSING');
    expect(await publish('bob', all, opening('alice/private'))).toBe('PUBLISH_NOT_ALLOWED');
    expect(await publish('bob', all, opening('alice/nowhere'))).toBe('GROUP_NOT_FOUND');
    expect(await publish('bob', all, opening('alice/gone'))).toBe('GROUP_DELETED');
    for (const name of ['', 'noslash', 'Alice/News', 'a/../b', 'a/*', `a/${'x'.repeat(200)}`]) expect(await publish('bob', all, opening(name))).toBe('GROUP_NAME_INVALID');
    expect(await publish('bob', all, opening('alice/news', { session: new Uint8Array(3) }))).toBe('REQUEST_INVALID');
    expect(await publish('bob', all, batch(1, 'x'))).toBe('REQUEST_INVALID');
    expect(await publish('bob', all, opening('alice/news'), opening('alice/news'))).toBe('REQUEST_INVALID');
    expect(await publish('bob', all, opening('alice/news'), batch(1))).toBe('REQUEST_INVALID');
    expect(await publish('bob', all, opening('alice/news'), batch(0, 'x'))).toBe('REQUEST_INVALID');
    expect(await publish('bob', all, opening('alice/news'), batch(7, 'x'))).toBe('BATCH_OUT_OF_ORDER');
    expect(await publish('bob', all, opening('alice/news'), batch(1, 'x'.repeat(1_048_577)))).toBe('MESSAGE_TOO_LARGE');
    expect(await publish('bob', all, opening('alice/news'), batch(1, 'x'.repeat(5_000_000)))).toBe('FRAME_TOO_LARGE');
    expect(await subscribe('bob', ['subscribe:bob/*'], subscription('alice/news'))).toBe('SCOPE_MISSING');
    expect(await subscribe('bob', all, subscription('alice/private'))).toBe('SUBSCRIBE_NOT_ALLOWED');
    expect(await subscribe('bob', all, subscription('alice/nowhere'))).toBe('GROUP_NOT_FOUND');
    expect(await subscribe('bob', all, subscription('a b/c'))).toBe('GROUP_NAME_INVALID');
    expect(await subscribe('bob', all, subscription('alice/news', { $case: 'sequence', value: 2n ** 60n }))).toBe('REQUEST_INVALID');
    const forged = signGroup(await ring.trust.issue({ role: 'node' }), 'alice/forged');
    expect(await subscribe('bob', all, { ...subscription('alice/forged'), descriptor: forged })).toBe('DESCRIPTOR_INVALID');
  });

  it('are refused without a token and with an expired one', async () => {
    const expired = await ring.trust.token('alice', ['publish:*', 'subscribe:*'], -1_000);
    for (const [token, reason] of [[undefined, 'TOKEN_MISSING'], [expired, 'TOKEN_EXPIRED']] as const) {
      const client = ring.nodes[0]!.multicastClient(token);
      const call = client.publish();
      call.write(opening('alice/news'));
      expect(await reader<multicast.PublishResponse>(call).reason()).toBe(reason);
      expect(await reader(client.subscribe(subscription('alice/news'))).reason()).toBe(reason);
      expect(await refusalOf(client.describePlace.bind(client), { group: 'alice/news' })).toBe(reason);
    }
  });
});

describe('a slow subscriber', () => {
  it('may be waited for only with a scope of its own', async () => {
    ring.plane.createGroup('alice/waits', { backpressure: { bytes: 65_536n, maxWaitMs: 500n } });
    const block = { ...subscription('alice/waits'), slowPolicy: multicast.SlowPolicy.BLOCK };
    await expect(reader((await clientAt(0, 'bob', ['subscribe:alice/*', 'admin'])).subscribe(block)).next()).rejects.toMatchObject({ reason: 'SCOPE_MISSING' });
    const told = reader((await clientAt(0, 'bob', ['subscribe:alice/*', 'subscribe:alice/*:block'])).subscribe(block));
    expect((await told.next()).response?.$case).toBe('subscribed');
  });

  it('is named with what waits for him, until he has gone', async () => {
    ring.plane.createGroup('alice/slow');
    const client = await clientAt(0, 'bob', ['subscribe:alice/*', 'admin']);
    const call = client.subscribe(subscription('alice/slow'));
    await reader(call).next();
    call.pause();
    const publisher = (await clientAt(1, 'alice', ['publish:alice/*'])).publish();
    const receipts = await open(publisher, 'alice/slow');
    for (let i = 0; i < 100; i++) publisher.write(batch(i + 1, 'x'.repeat(65_000)));
    for (let i = 0; i < 100; i++) await receipt(receipts.told);
    const slow = async () => (await callUnary(client.listSlow.bind(client), { group: 'alice/slow' })).readers;
    await until(async () => (await slow()).length > 0);
    expect(await slow()).toMatchObject([{ group: 'alice/slow', who: { $case: 'client', value: 'bob' }, policy: multicast.SlowPolicy.DROP_OLDEST, counted: false, remedy: expect.stringContaining('Read faster') as string }]);
    call.cancel();
    await until(async () => (await slow()).length === 0);
    const plain = await clientAt(0, 'bob', ['subscribe:alice/*']);
    expect(await refusalOf(plain.listSlow.bind(plain), { group: '' })).toBe('SCOPE_MISSING');
  });
});

describe('DescribePlace', () => {
  it('tells the root from its children, and a node outside the tree', async () => {
    ring.plane.createGroup('alice/tree');
    const calls = await Promise.all(ring.nodes.map(async (_, at) => {
      const call = (await clientAt(at, 'bob', ['subscribe:alice/tree'])).subscribe(subscription('alice/tree'));
      await reader(call).next();
      return call;
    }));
    const places = await Promise.all(ring.nodes.map(async (_, at) => {
      const client = await clientAt(at, 'admin', ['admin']);
      return (await callUnary(client.describePlace.bind(client), { group: 'alice/tree' })).place!;
    }));
    const roots = places.filter((place) => place.role === multicast.Role.ROOT);
    expect(roots).toHaveLength(1);
    for (const place of places) expect([place.group, place.subscribers, place.parent === undefined]).toEqual(['alice/tree', 1, place.role === multicast.Role.ROOT]);
    const client = await clientAt(0, 'bob', ['subscribe:alice/*']);
    expect((await callUnary(client.describePlace.bind(client), { group: 'alice/elsewhere' })).place?.role).toBe(multicast.Role.UNSPECIFIED);
    for (const call of calls) call.cancel();
  });

  it('refuses without the scope of the group, and what is no group name', async () => {
    const client = await clientAt(0, 'bob', ['subscribe:bob/*']);
    expect(await refusalOf(client.describePlace.bind(client), { group: 'alice/tree' })).toBe('SCOPE_MISSING');
    expect(await refusalOf(client.describePlace.bind(client), { group: 'Nonsense' })).toBe('GROUP_NAME_INVALID');
  });
});
