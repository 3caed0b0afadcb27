import { createRequire } from 'node:module';
import { loadPackageDefinition, type Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callUnary, createClient } from '@banyan/grpc';
import { keyOfName } from '@banyan/identity';
import { mintTestAuthority, type TestAuthority } from '@banyan/identity/testing';
import { idFromBytes, idToBytes } from '@banyan/ids';
import { overlay } from '@banyan/proto';
import { reader, refusalOf } from './testing/calls.ts';
import { startControlPlane, type ControlPlane } from './testing/control-plane.ts';
import { startTestNode, type TestNode } from './testing/test-node.ts';

let trust: TestAuthority;
let plane: ControlPlane;
const nodes: TestNode[] = [];
let first: TestNode;
let client: overlay.OverlayServiceClient;
let admin: overlay.OverlayServiceClient;

beforeAll(async () => {
  trust = await mintTestAuthority();
  plane = await startControlPlane(trust);
  first = await startTestNode(trust, plane, ['--name', 'node-1', '--first']);
  nodes.push(first);
  await first.ready();
  for (const name of ['node-2', 'node-3']) {
    const node = await startTestNode(trust, plane, ['--name', name, '--region', 'north']);
    nodes.push(node);
    await node.ready();
  }
  client = first.overlayClient(await trust.token('alice', ['route']));
  admin = first.overlayClient(await trust.token('admin', ['admin']));
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  plane.stop();
});

const named = (value: string): overlay.Key => ({ key: { $case: 'name', value } });
const keyOf = (id: string): overlay.Key => ({ key: { $case: 'id', value: Buffer.from(id, 'hex') } });

describe('Lookup', () => {
  it('finds the same root for a key from every node, and who comes after it', async () => {
    const token = await trust.token('alice', ['route']);
    const answers = await Promise.all(nodes.map((node) => {
      const at = node.overlayClient(token);
      return callUnary(at.lookup.bind(at), { key: named('where'), replicas: 2 });
    }));
    expect(new Set(answers.map(({ root }) => idFromBytes(root!.id))).size).toBe(1);
    for (const { replicas, root, key, elapsedMs } of answers) {
      expect(replicas.map((node) => idFromBytes(node.id))[0]).toBe(idFromBytes(root!.id));
      expect(replicas).toHaveLength(2);
      expect(idFromBytes(key)).toBe(keyOfName('where'));
      expect(elapsedMs).toBeGreaterThanOrEqual(0);
    }
  });

  it('names four replicas when nothing is said, and all when there are fewer', async () => {
    expect((await callUnary(client.lookup.bind(client), { key: keyOf(first.id), replicas: 0 })).replicas).toHaveLength(3);
  });

  it('refuses what is no key, and more replicas than a leaf set has', async () => {
    const lookup = client.lookup.bind(client);
    for (const key of [undefined, named(''), named('x'.repeat(257)), { key: { $case: 'id' as const, value: new Uint8Array(15) } }]) {
      expect(await refusalOf(lookup, { key, replicas: 0 })).toBe('KEY_INVALID');
    }
    expect(await refusalOf(lookup, { key: named('a'), replicas: 17 })).toBe('REQUEST_INVALID');
  });
});

describe('Trace', () => {
  it('tells every hop to the root and the rule that chose it', async () => {
    const target = nodes[2]!;
    const { root, hops } = await callUnary(client.trace.bind(client), { key: keyOf(target.id), dryRun: true, application: '', payload: new Uint8Array() });
    expect(idFromBytes(root!.id)).toBe(target.id);
    expect(hops.map((hop) => [idFromBytes(hop.at), idFromBytes(hop.to), hop.rule])).toEqual([[first.id, target.id, overlay.HopRule.LEAF_SET]]);
    const own = await callUnary(client.trace.bind(client), { key: keyOf(first.id), dryRun: true, application: '', payload: new Uint8Array() });
    expect([idFromBytes(own.root!.id), own.hops]).toEqual([first.id, []]);
  });

  it('delivers unless it is a dry run, and refuses then what Route refuses', async () => {
    const trace = client.trace.bind(client);
    expect(await refusalOf(trace, { key: named('a'), dryRun: false, application: 'nobody-here', payload: new Uint8Array() })).toBe('NO_APPLICATION');
    expect(await refusalOf(trace, { key: named('a'), dryRun: false, application: 'Not A Name', payload: new Uint8Array() })).toBe('NAME_INVALID');
    expect(await refusalOf(trace, { key: named(''), dryRun: true, application: '', payload: new Uint8Array() })).toBe('KEY_INVALID');
  });
});

describe('Attach and Route', () => {
  it('carry a payload to the application at the root of its key', async () => {
    const root = nodes[1]!;
    const attachment = root.overlayClient(await trust.token('bob', ['route'])).attach();
    attachment.write({ application: 'echo' });
    const told = reader<overlay.AttachResponse>(attachment);
    const { event: attached } = await told.next();
    expect(attached?.$case === 'attached' && idFromBytes(attached.value.node!.id)).toBe(root.id);
    expect(attached?.$case === 'attached' && attached.value.node!.apiAddress).toBe(root.service.ready.addresses['api']);

    const routed = await callUnary(client.route.bind(client), { key: keyOf(root.id), application: 'echo', payload: Buffer.from('hello') });
    expect([idFromBytes(routed.root!.id), routed.hops]).toEqual([root.id, 1]);
    const { event } = await told.next();
    expect(event?.$case).toBe('deliver');
    if (event?.$case === 'deliver') {
      expect(Buffer.from(event.value.payload).toString()).toBe('hello');
      expect([idFromBytes(event.value.key), idFromBytes(event.value.origin!.id), event.value.hops]).toEqual([root.id, first.id, 1]);
    }

    const second = root.overlayClient(await trust.token('bob', ['route'])).attach();
    second.write({ application: 'echo' });
    expect(await reader<overlay.AttachResponse>(second).reason()).toBe('APPLICATION_TAKEN');
    attachment.cancel();
    expect(await told.reason()).toBe('CANCELLED');
  });

  it('refuse names, sizes and first requests that are not allowed', async () => {
    const route = client.route.bind(client);
    expect(await refusalOf(route, { key: named('a'), application: 'nobody-here', payload: new Uint8Array() })).toBe('NO_APPLICATION');
    expect(await refusalOf(route, { key: named('a'), application: '../etc', payload: new Uint8Array() })).toBe('NAME_INVALID');
    expect(await refusalOf(route, { key: named('a'), application: 'echo', payload: new Uint8Array(65_537) })).toBe('PAYLOAD_TOO_LARGE');
    const nameless = client.attach();
    nameless.write({ application: '' });
    expect(await reader<overlay.AttachResponse>(nameless).reason()).toBe('NAME_INVALID');
    const silent = client.attach();
    silent.end();
    expect(await reader<overlay.AttachResponse>(silent).reason()).toBe('REQUEST_INVALID');
  });
});

describe('WatchNeighbors', () => {
  it('tells the leaf set now, who comes and who goes', async () => {
    const call = client.watchNeighbors({});
    const told = reader<overlay.WatchNeighborsResponse>(call);
    const now = await told.next();
    expect(now.ready).toBe(true);
    expect(now.leaves.map((node) => idFromBytes(node.id)).sort()).toEqual([nodes[1]!.id, nodes[2]!.id].sort());
    const visitor = await startTestNode(trust, plane, ['--name', 'visitor']);
    await visitor.ready();
    const gained = await told.next();
    expect(gained.gained.map((node) => idFromBytes(node.id))).toContain(visitor.id);
    await visitor.stop();
    let lost: overlay.WatchNeighborsResponse;
    do lost = await told.next();
    while (lost.lost.length === 0);
    expect(lost.lost.map((node) => idFromBytes(node.id))).toContain(visitor.id);
    call.cancel();
    expect(await told.reason()).toBe('CANCELLED');
  });
});

describe('GetState', () => {
  it('shows the whole state with its digest to an administrator', async () => {
    const { node, ready, stateJson, digest } = await callUnary(admin.getState.bind(admin), {});
    expect([idFromBytes(node!.id), ready]).toEqual([first.id, true]);
    expect(node!.apiAddress).toBe(first.service.ready.addresses['api']);
    expect(JSON.parse(stateJson)).toMatchObject({ routing: expect.anything() });
    expect(digest).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('every method', () => {
  it('is refused without a token, with an expired one, and with another scope', async () => {
    const expired = await trust.token('alice', ['route', 'admin'], -1_000);
    const other = await trust.token('alice', ['subscribe:alice/*']);
    const request = { key: named('a'), replicas: 0, dryRun: true, application: 'echo', payload: idToBytes(keyOfName('a')) };
    for (const [token, reason] of [[undefined, 'TOKEN_MISSING'], ['rubbish', 'TOKEN_INVALID'], [expired, 'TOKEN_EXPIRED'], [other, 'SCOPE_MISSING']] as const) {
      const stranger = first.overlayClient(token);
      expect(await refusalOf(stranger.route.bind(stranger), request)).toBe(reason);
      expect(await refusalOf(stranger.lookup.bind(stranger), request)).toBe(reason);
      expect(await refusalOf(stranger.trace.bind(stranger), request)).toBe(reason);
      expect(await refusalOf(stranger.getState.bind(stranger), {})).toBe(reason);
      expect(await reader(stranger.watchNeighbors({})).reason()).toBe(reason);
      const attachment = stranger.attach();
      attachment.write({ application: 'echo' });
      expect(await reader<overlay.AttachResponse>(attachment).reason()).toBe(reason);
    }
    expect(await refusalOf(client.getState.bind(client), {})).toBe('SCOPE_MISSING');
  });

  it('is refused when the message is larger than any of ours', async () => {
    expect(await refusalOf(client.route.bind(client), { key: named('a'), application: 'echo', payload: new Uint8Array(5 * 1_048_576) })).toBe('FRAME_TOO_LARGE');
  });
});

describe('the API listener', () => {
  const require = createRequire(import.meta.url);

  it('answers gRPC health for itself and each service', async () => {
    const { service } = require('grpc-health-check') as { service: never };
    const Health = loadPackageDefinition({ Health: service })['Health'] as never;
    const health = createClient(Health, { address: first.service.ready.addresses['api']!, authority: trust.pem }) as Client & Record<string, (request: object, callback: (error: Error | null, response: { status: string }) => void) => void>;
    for (const name of ['', 'banyan.overlay.v1.OverlayService', 'banyan.multicast.v1.MulticastService']) {
      const status = await new Promise<string>((resolve, reject) => health['check']!({ service: name }, (error, response) => (error === null ? resolve(response.status) : reject(error))));
      expect(status).toBe('SERVING');
    }
    health.close();
  });

  it('tells by reflection what it serves, in both versions', async () => {
    const { loadSync } = require('@grpc/proto-loader') as typeof import('@grpc/proto-loader');
    for (const version of ['v1', 'v1alpha']) {
      const proto = require.resolve('@grpc/reflection/build/src/index.js').replace('src/index.js', `proto/grpc/reflection/${version}/reflection.proto`);
      const definition = loadSync(proto, { keepCase: true })[`grpc.reflection.${version}.ServerReflection`];
      const Reflection = loadPackageDefinition({ Reflection: definition as never })['Reflection'] as never;
      const reflection = createClient(Reflection, { address: first.service.ready.addresses['api']!, authority: trust.pem }) as Client & Record<string, () => ReturnType<overlay.OverlayServiceClient['attach']>>;
      const call = reflection['ServerReflectionInfo']!();
      call.write({ list_services: '' } as never);
      const answer = (await reader<unknown>(call as never).next()) as { list_services_response: { service: { name: string }[] } };
      expect(answer.list_services_response.service.map(({ name }) => name).sort()).toEqual(['banyan.multicast.v1.MulticastService', 'banyan.overlay.v1.OverlayService']);
      call.cancel();
      reflection.close();
    }
  });
});
