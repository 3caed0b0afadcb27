import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callUnary } from '@banyan/grpc';
import { mintTestAuthority, type TestAuthority } from '@banyan/identity/testing';
import { idFromBytes } from '@banyan/ids';
import { multicast } from '@banyan/proto';
import { reader } from './testing/calls.ts';
import { startControlPlane, type ControlPlane } from './testing/control-plane.ts';
import { startTestNode, type TestNode } from './testing/test-node.ts';

let trust: TestAuthority;
let plane: ControlPlane;
let first: TestNode;

/** Resolves when `holds`; the runner's timeout ends it otherwise. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

beforeAll(async () => {
  trust = await mintTestAuthority();
  plane = await startControlPlane(trust);
  first = await startTestNode(trust, plane, ['--name', 'node-1', '--first', '--region', 'north', '--zone', 'n1', '--capacity', '9']);
  await first.ready();
});
afterAll(async () => {
  await first.stop();
  plane.stop();
});

describe('a node', () => {
  it('names itself and its listeners in the ready line', () => {
    const address = expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/);
    expect(first.service.ready).toMatchObject({ event: 'service_ready', service: 'pastry-node', name: 'node-1', id: expect.stringMatching(/^[0-9a-f]{32}$/), addresses: { api: address, control: address, data: address, admin: address } });
  });

  it('registers, says that it is ready, and takes itself off the list when it stops', async () => {
    await until(() => plane.nodes.get(first.id)?.ready === true);
    expect(plane.nodes.get(first.id)?.node).toMatchObject({ region: 'north', zone: 'n1', capacity: 9, apiAddress: first.service.ready.addresses['api'] });
    const visitor = await startTestNode(trust, plane, ['--name', 'visitor']);
    await visitor.ready();
    await until(() => plane.nodes.get(visitor.id)?.ready === true);
    await visitor.stop();
    expect(plane.nodes.has(visitor.id)).toBe(false);
  });

  it('registers again when the list has forgotten it', async () => {
    await until(() => plane.nodes.get(first.id)?.ready === true);
    plane.forget(first.id);
    await until(() => plane.nodes.get(first.id)?.ready === true);
  });

  it('answers its admin pages: alive, ready by condition, started, measured', async () => {
    const admin = `http://${first.service.ready.addresses['admin']}`;
    await request(admin).get('/livez').expect(200);
    await request(admin).get('/readyz').expect(200, { status: 'ready', conditions: { listening: true, ring: true, duties: true } });
    await request(admin).get('/startupz').expect(200);
    const { text } = await request(admin).get('/metrics').expect(200);
    for (const name of ['banyan_ready 1', 'banyan_overlay_leaf_set_nodes', 'banyan_multicast_groups', 'banyan_overlay_joins_total']) expect(text).toContain(name);
  });

  it('is alive and not ready while it waits for others, and says so', async () => {
    const lonely = await startTestNode(trust, { ...plane, bootstrapAddress: '127.0.0.1:1' }, ['--name', 'lonely']);
    const admin = `http://${lonely.service.ready.addresses['admin']}`;
    await request(admin).get('/livez').expect(200);
    await request(admin).get('/readyz').expect(503, { status: 'waiting', conditions: { listening: true, ring: false, duties: true } });
    await request(admin).get('/startupz').expect(503);
    const token = await trust.token('alice', ['route']);
    const client = lonely.overlayClient(token);
    await expect(callUnary(client.lookup.bind(client), { key: { key: { $case: 'name', value: 'a' } }, replicas: 0 })).rejects.toMatchObject({ reason: 'NOT_READY' });
    await lonely.stop();
  });

  it('is the same node with a later incarnation after a restart, and joins by the list on its disk', async () => {
    const node = await startTestNode(trust, plane, ['--name', 'node-2']);
    await node.ready();
    await until(() => existsSync(join(node.dataDir, 'supernodes.json')));
    expect(JSON.parse(readFileSync(join(node.dataDir, 'supernodes.json'), 'utf8'))).toEqual({ controlAddresses: [first.service.ready.addresses['control']] });
    const before = plane.nodes.get(node.id)?.node?.incarnation ?? 0n;
    await node.stop();
    const again = await startTestNode(trust, { ...plane, bootstrapAddress: '127.0.0.1:1', builderAddress: '127.0.0.1:1' }, ['--name', 'node-2'], node.dataDir);
    await again.ready();
    expect(again.id).toBe(node.id);
    const admin = again.overlayClient(await trust.token('admin', ['admin']));
    const { node: self } = await callUnary(admin.getState.bind(admin), {});
    expect(self!.incarnation).toBeGreaterThan(before);
    await again.stop();
  });

  it('reports its places, and that it left a tree', async () => {
    plane.createGroup('alice/reported');
    const client = first.multicastClient(await trust.token('alice', ['subscribe:alice/*']));
    const call = client.subscribe({ group: 'alice/reported', start: undefined, descriptor: undefined, slowPolicy: multicast.SlowPolicy.UNSPECIFIED });
    await reader(call).next();
    const reported = (): multicast.Place | undefined => plane.reports.filter(({ node }) => idFromBytes(node!.id) === first.id).flatMap(({ places }) => places).findLast(({ group }) => group === 'alice/reported');
    await until(() => reported() !== undefined);
    expect(reported()).toMatchObject({ role: multicast.Role.ROOT, subscribers: 1 });
    call.cancel();
  });

  it('goes on when its control plane has gone', async () => {
    const gone = await startControlPlane(trust);
    const node = await startTestNode(trust, gone, ['--name', 'alone', '--first']);
    await node.ready();
    const token = await trust.token('alice', ['route', 'publish:*', 'subscribe:*']);
    gone.createGroup('alice/steady');
    const groups = node.multicastClient(token);
    const told = reader(groups.subscribe({ group: 'alice/steady', start: undefined, descriptor: undefined, slowPolicy: multicast.SlowPolicy.UNSPECIFIED }));
    await told.next();
    gone.stop();
    const publisher = groups.publish();
    publisher.on('error', () => undefined).resume();
    publisher.write({ request: { $case: 'open', value: { group: 'alice/steady', session: new Uint8Array(), descriptor: undefined } } });
    publisher.write({ request: { $case: 'batch', value: { firstCounter: 1n, messages: [Buffer.from('still here')] } } });
    const { response } = await told.next();
    expect(response?.$case === 'messages' && Buffer.from(response.value.messages[0]!).toString()).toBe('still here');
    const client = node.overlayClient(token);
    expect((await callUnary(client.lookup.bind(client), { key: { key: { $case: 'name', value: 'a' } }, replicas: 0 })).replicas).toHaveLength(1);
    publisher.end();
    await node.stop();
  });

  it('tells streams that it is stopping', async () => {
    const node = await startTestNode(trust, plane, ['--name', 'short']);
    await node.ready();
    const told = reader(node.overlayClient(await trust.token('alice', ['route'])).watchNeighbors({}));
    await told.next();
    const reason = told.reason();
    await node.service.stop();
    expect(await reason).toBe('STOPPING');
    await node.stop();
  });
});
