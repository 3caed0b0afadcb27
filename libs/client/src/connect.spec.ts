import { describe, expect, it } from 'vitest';
import { multicast } from '@banyan/proto';
import { connect } from './connect.ts';
import { startTestOverlay } from './testing.ts';

describe('a client', () => {
  it('passes over a dead node, and says where nothing answers when all are', async () => {
    const overlay = await startTestOverlay(2);
    const client = await connect({ addresses: overlay.nodes.map((node) => node.address), authority: overlay.authority });
    overlay.nodes[0]?.kill();
    expect((await client.overlay.lookup('some name')).root.apiAddress).toBe(overlay.nodes[1]?.address);
    overlay.nodes[1]?.kill();
    const error = await client.overlay.lookup('some name').catch((told: unknown) => told);
    expect(error).toMatchObject({ reason: 'UNREACHABLE', message: expect.stringContaining('nothing answers at 127.0.0.1:') as string });
    client.close();
  });

  it('tells the neighbors of a node', async () => {
    const overlay = await startTestOverlay(1);
    const client = await connect({ addresses: overlay.nodes.map((node) => node.address), authority: overlay.authority });
    expect(await client.overlay.neighbors()).toMatchObject({ isReady: true, leaves: [] });
    client.close();
    overlay.stop();
  });

  it("tells a node's own place in a tree", async () => {
    const overlay = await startTestOverlay(1);
    const client = await connect({ addresses: overlay.nodes.map((node) => node.address), authority: overlay.authority });
    await expect(client.place('demo')).rejects.toMatchObject({ reason: 'GROUP_NOT_FOUND' });
    const node = overlay.nodes[0]?.node;
    overlay.groups.places = [{ group: 'admin/demo', node, role: multicast.Role.ROOT, children: [], subscribers: 2, epoch: 1n, low: 1n, committed: 7n, next: 8n, voter: true, fanOut: 8, publishers: [] }];
    expect(await client.place('demo')).toMatchObject({ role: 'root', parent: undefined, subscriptions: 2, committed: 7n, isVoter: true });
    client.close();
    overlay.stop();
  });

  it('attaches an application, hands it what is delivered, and detaches', async () => {
    const overlay = await startTestOverlay(1);
    const client = await connect({ addresses: overlay.nodes.map((node) => node.address), authority: overlay.authority });
    const attachment = await client.overlay.attach('echo');
    for await (const event of attachment) {
      expect(event).toMatchObject({ type: 'deliver', hops: 2 });
      client.close();
    }
    overlay.stop();
  });

  it('answers what is offered to an attached application on its way', async () => {
    const overlay = await startTestOverlay(1);
    const client = await connect({ addresses: overlay.nodes.map((node) => node.address), authority: overlay.authority });
    expect(await client.overlay.replicaSet('a key')).toMatchObject({ isRoot: true, replicas: [{ id: expect.anything() as string }] });
    const attachment = await client.overlay.attach('echo', { forwardPrefixes: ['a0'] });
    const { value: offered } = await attachment[Symbol.asyncIterator]().next();
    expect(offered).toMatchObject({ type: 'forward', forwardId: 7n, hops: 1 });
    attachment.answer(7n, { payload: Buffer.from('changed'), nextHop: attachment.node.id });
    attachment.answer(8n, { stop: true });
    const { answered } = overlay.nodes[0]!;
    await expect.poll(() => answered.length).toBe(2);
    expect(answered).toMatchObject([{ forwardId: 7n, stop: false, nextHop: { length: 16 } }, { forwardId: 8n, stop: true, payload: undefined }]);
    client.close();
    overlay.stop();
  });

  it('ends what is watched when it is closed, also where nothing changes any more', async () => {
    const overlay = await startTestOverlay(1);
    const address = overlay.nodes[0]?.address ?? '';
    const client = await connect({ addresses: [address], authority: overlay.authority, treeBuilder: address });
    await client.groups.create('admin/demo');
    const watched: AsyncGenerator<unknown, void, void>[] = [client.groups.watchTree('admin/demo'), client.overlay.watchNeighbors()];
    for (const pictures of watched) expect(await pictures.next()).toMatchObject({ done: false });
    const waiting = watched.map((pictures) => pictures.next());
    client.close();
    expect((await Promise.all(waiting)).map(({ done }) => done)).toEqual([true, true]);
    overlay.stop();
  });

  it('does not trust a server of another overlay', async () => {
    const [ours, theirs] = await Promise.all([startTestOverlay(1), startTestOverlay(1)]);
    const client = await connect({ addresses: theirs.nodes.map((node) => node.address), authority: ours.authority });
    await expect(client.overlay.lookup('x')).rejects.toMatchObject({ reason: 'CERTIFICATE_UNTRUSTED' });
    client.close();
    for (const overlay of [ours, theirs]) overlay.stop();
  });
});
