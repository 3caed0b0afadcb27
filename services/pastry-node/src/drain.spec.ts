import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { multicast, overlay } from '@banyan/proto';
import { reader } from './testing/calls.ts';
import type { TestNode } from './testing/test-node.ts';
import { startTestRing, type TestRing } from './testing/test-ring.ts';

const { DrainState, DrainStepName } = overlay;
const GROUP = 'alice/moving';

describe('a drain', () => {
  let ring: TestRing;
  beforeEach(async () => {
    ring = await startTestRing(3);
    ring.plane.createGroup(GROUP);
  });
  afterEach(() => ring.stop());

  it('tells seven steps by name, and clients where to go before they are cut; what was published is elsewhere', async () => {
    const [leaver, other] = ring.nodes as [TestNode, TestNode, TestNode];
    const subscriber = await subscribe(leaver);
    expect((await subscriber.told.next()).response?.$case).toBe('subscribed');
    const publisher = await publish(leaver, 1, ['one', 'two', 'three']);
    expect((await publisher.told.next()).response?.$case).toBe('receipt');
    for (let seen = 0; seen < 3; ) seen += messagesOf(await subscriber.told.next()).length;

    const drain = leaver.overlayClient(await ring.trust.token('ann', ['admin'])).drain({ graceMs: 20_000 });
    const steps = reader<overlay.DrainResponse>(drain);
    const moved = (await subscriber.told.next()).response;
    expect(moved).toMatchObject({ $case: 'moved', value: { resumeSequence: 4n } });
    const addresses = moved?.$case === 'moved' ? moved.value.addresses : [];
    expect(new Set(addresses)).toEqual(new Set(ring.nodes.slice(1).map((node) => node.service.ready.addresses['api'])));
    expect((await publisher.told.next()).response).toMatchObject({ $case: 'moved' });
    await expect(subscribe(leaver).then(({ told }) => told.reason())).resolves.toBe('STOPPING');
    subscriber.call.cancel();
    publisher.call.cancel();
    const last = await lastOf(steps);
    expect(last.steps.map(({ name }) => name)).toEqual([DrainStepName.REFUSE, DrainStepName.ROOTS, DrainStepName.VOTERS, DrainStepName.CHILDREN, DrainStepName.CLIENTS, DrainStepName.RANGE, DrainStepName.LEAVE]);
    expect(last.steps.map(({ state, left }) => [state, left])).toEqual(last.steps.map(() => [DrainState.DONE, 0]));
    expect(ring.plane.nodes.has(leaver.id)).toBe(false);

    const late = await subscribe(other, { $case: 'first', value: true });
    const texts: string[] = [];
    while (texts.length < 3) texts.push(...messagesOf(await late.told.next()));
    expect(texts).toEqual(['one', 'two', 'three']);
    late.call.cancel();
  });

  it('leaves behind what has not gone at its deadline, and says how much', async () => {
    const [leaver] = ring.nodes as [TestNode];
    const deaf = await subscribe(leaver);
    await deaf.told.next();
    const { body } = await request(`http://${leaver.service.ready.addresses['admin']}`).get('/drain').expect(200);
    expect(body).toMatchObject({ status: 'drained' });
    const { steps } = body as { readonly steps: readonly { readonly name: string; readonly state: string; readonly left: number }[] };
    expect(steps.find(({ name }) => name === 'clients')).toMatchObject({ state: 'late', left: 1 });
    expect((await deaf.told.next()).response?.$case).toBe('moved');
    expect(await deaf.told.reason()).toBe('STOPPING');
    await request(`http://${leaver.service.ready.addresses['admin']}`).get('/readyz').expect(503).expect(({ body: page }) => expect(page).toMatchObject({ status: 'stopping' }));
  });

  it('is for administrators', async () => {
    const call = ring.nodes[0]!.overlayClient(await ring.trust.token('bob', ['route'])).drain({ graceMs: 0 });
    expect(await reader(call).reason()).toBe('SCOPE_MISSING');
    await request(`http://${ring.nodes[0]!.service.ready.addresses['admin']}`).get('/readyz').expect(200);
  });

  async function subscribe(node: TestNode, start?: multicast.Start['start']) {
    const call = node.multicastClient(await ring.trust.token('bob', ['subscribe:alice/*'])).subscribe({ group: GROUP, start: { start }, descriptor: undefined, slowPolicy: multicast.SlowPolicy.UNSPECIFIED });
    return { call, told: reader<multicast.SubscribeResponse>(call) };
  }

  async function publish(node: TestNode, firstCounter: number, texts: readonly string[]) {
    const call = node.multicastClient(await ring.trust.token('alice', ['publish:alice/*'])).publish();
    const told = reader<multicast.PublishResponse>(call);
    call.write({ request: { $case: 'open', value: { group: GROUP, session: new Uint8Array(), descriptor: undefined } } });
    await told.next();
    call.write({ request: { $case: 'batch', value: { firstCounter: BigInt(firstCounter), messages: texts.map((text) => Buffer.from(text)) } } });
    return { call, told };
  }
});

function messagesOf({ response }: multicast.SubscribeResponse): string[] {
  return response?.$case === 'messages' ? response.value.messages.map((message) => Buffer.from(message).toString()) : [];
}

async function lastOf(steps: { next(): Promise<overlay.DrainResponse> }): Promise<overlay.DrainResponse> {
  for (;;) {
    const progress = await steps.next();
    if (progress.done) return progress;
  }
}
