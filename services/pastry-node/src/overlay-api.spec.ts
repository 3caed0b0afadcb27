import { createRequire } from 'node:module';
import { loadPackageDefinition, type Client } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callUnary, createClient } from '@banyan/grpc';
import { keyOfName } from '@banyan/identity';
import { idFromBytes, idToBytes } from '@banyan/ids';
import { overlay } from '@banyan/proto';
import { reader, refusalOf } from './testing/calls.ts';
import { startTestNode, type TestNode } from './testing/test-node.ts';
import { startTestRing, type TestRing } from './testing/test-ring.ts';

let ring: TestRing;
let first: TestNode;
let client: overlay.OverlayServiceClient;
let admin: overlay.OverlayServiceClient;

beforeAll(async () => {
  ring = await startTestRing(3, ['--region', 'north']);
  [first] = ring.nodes as [TestNode, ...TestNode[]];
  client = first.overlayClient(await ring.trust.token('alice', ['route']));
  admin = first.overlayClient(await ring.trust.token('admin', ['admin']));
});
afterAll(() => ring.stop());

const named = (value: string): overlay.Key => ({ key: { $case: 'name', value } });
const attachAs = (application: string, ...forwardPrefixes: string[]): overlay.AttachRequest => ({ application, forwardPrefixes, answer: undefined });
const keyOf = (id: string): overlay.Key => ({ key: { $case: 'id', value: Buffer.from(id, 'hex') } });

describe('Lookup', () => {
  it('finds the same root for a key from every node, and who comes after it', async () => {
    const token = await ring.trust.token('alice', ['route']);
    const answers = await Promise.all(ring.nodes.map((node) => {
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
    const target = ring.nodes[2]!;
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
    const root = ring.nodes[1]!;
    const attachment = root.overlayClient(await ring.trust.token('bob', ['route'])).attach();
    attachment.write(attachAs('echo'));
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

    const second = root.overlayClient(await ring.trust.token('bob', ['route'])).attach();
    second.write(attachAs('echo'));
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
    nameless.write(attachAs(''));
    expect(await reader<overlay.AttachResponse>(nameless).reason()).toBe('NAME_INVALID');
    const silent = client.attach();
    silent.end();
    expect(await reader<overlay.AttachResponse>(silent).reason()).toBe('REQUEST_INVALID');
  });
});

describe('Attach with forward', () => {
  const pass: overlay.ForwardAnswer = { forwardId: 0n, stop: false, payload: undefined, nextHop: new Uint8Array() };

  /** An application on the first node, where routes begin, and one on the root of the key. */
  async function onTheWay() {
    const root = ring.nodes[1]!;
    const token = await ring.trust.token('bob', ['route']);
    const [way, end] = [first.overlayClient(token).attach(), root.overlayClient(token).attach()];
    way.write(attachAs('relay', root.id.slice(0, 2)));
    end.write(attachAs('relay'));
    const [offered, delivered] = [reader<overlay.AttachResponse>(way), reader<overlay.AttachResponse>(end)];
    await Promise.all([offered.next(), delivered.next()]);
    const routing = callUnary(client.route.bind(client), { key: keyOf(root.id), application: 'relay', payload: Buffer.from('as sent') });
    const { event } = await offered.next();
    if (event?.$case !== 'forward') throw new Error(`told ${event?.$case}`);
    const answer = (change: Partial<overlay.ForwardAnswer>): void => void way.write({ application: '', forwardPrefixes: [], answer: { ...pass, forwardId: event.value.forwardId, ...change } });
    const close = (): void => [way, end].forEach((call) => call.cancel());
    return { root, routing, offer: event.value, offered, delivered, answer, way, close };
  }
  const payloadOf = ({ event }: overlay.AttachResponse): string => (event?.$case === 'deliver' ? Buffer.from(event.value.payload).toString() : `told ${event?.$case}`);

  it('lets the application change what passes through', async () => {
    const { root, offer, answer, delivered, routing, close } = await onTheWay();
    expect([idFromBytes(offer.nextHop!.id), Buffer.from(offer.payload).toString(), offer.hops]).toEqual([root.id, 'as sent', 0]);
    answer({ payload: Buffer.from('as changed'), nextHop: idToBytes(root.service.ready.id as never) });
    expect(payloadOf(await delivered.next())).toBe('as changed');
    expect((await routing).hops).toBe(1);
    close();
  });

  it('lets it stop what passes through, and tells who routed it', async () => {
    const { answer, routing, close } = await onTheWay();
    answer({ stop: true });
    await expect(routing).rejects.toMatchObject({ reason: 'ROUTE_STOPPED' });
    close();
  });

  it('refuses a hop that brings nothing nearer, and an answer nobody waits for; the message goes on as it was', async () => {
    const { answer, offered, offer, delivered, routing, close } = await onTheWay();
    answer({ nextHop: idToBytes(first.service.ready.id as never), payload: Buffer.from('lost') });
    expect((await offered.next()).event).toEqual({ $case: 'forwardRefused', value: { forwardId: offer.forwardId, reason: 'HOP_REFUSED' } });
    expect(payloadOf(await delivered.next())).toBe('as sent');
    await routing;
    answer({});
    expect((await offered.next()).event).toMatchObject({ value: { reason: 'FORWARD_GONE' } });
    close();
  });

  it('lets it go on when no answer comes, and at once when the application is gone or ends its side', async () => {
    for (const leave of [() => undefined, (way: { cancel(): void }) => way.cancel(), (way: { end(): void }) => way.end()]) {
      const { delivered, routing, way, close } = await onTheWay();
      leave(way as never);
      expect(payloadOf(await delivered.next())).toBe('as sent');
      await routing;
      close();
      await new Promise((resolve) => setTimeout(resolve, 20)); // until both names are free again
    }
  });

  it('ends an attachment whose answer or prefix is none, and what waited goes on', async () => {
    for (const [change, reason] of [[{ stop: true, payload: Buffer.from('x') }, 'REQUEST_INVALID'], [{ nextHop: Buffer.alloc(3) }, 'REQUEST_INVALID'], [{ payload: new Uint8Array(65_537) }, 'PAYLOAD_TOO_LARGE']] as const) {
      const { answer, offered, delivered, close } = await onTheWay();
      answer(change);
      expect(await offered.reason()).toBe(reason);
      expect(payloadOf(await delivered.next())).toBe('as sent');
      close();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const prefixes of [['xyz'], ['a'.repeat(33)], Array.from({ length: 17 }, () => 'a')]) {
      const call = client.attach();
      call.write(attachAs('relay', ...prefixes));
      expect(await reader<overlay.AttachResponse>(call).reason()).toBe('PREFIX_INVALID');
    }
  });
});

describe('ReplicaSet', () => {
  it('names the nodes closest to a key as the node itself knows them, and whether it is the root', async () => {
    const at = async (node: TestNode): Promise<overlay.ReplicaSetResponse> => {
      const asked = node.overlayClient(await ring.trust.token('alice', ['route']));
      return callUnary(asked.replicaSet.bind(asked), { key: keyOf(ring.nodes[1]!.id), replicas: 2 });
    };
    const answers = await Promise.all(ring.nodes.map(at));
    expect(answers.map(({ isRoot }) => isRoot)).toEqual([false, true, false]);
    for (const { replicas } of answers) expect([replicas.length, idFromBytes(replicas[0]!.id)]).toEqual([2, ring.nodes[1]!.id]);
    expect(await refusalOf(client.replicaSet.bind(client), { key: named('a'), replicas: 17 })).toBe('REQUEST_INVALID');
  });
});

describe('WatchNeighbors', () => {
  it('tells the leaf set now, who comes and who goes', async () => {
    const call = client.watchNeighbors({});
    const told = reader<overlay.WatchNeighborsResponse>(call);
    const now = await told.next();
    expect(now.ready).toBe(true);
    expect(now.leaves.map((node) => idFromBytes(node.id)).sort()).toEqual([ring.nodes[1]!.id, ring.nodes[2]!.id].sort());
    const visitor = await startTestNode(ring.trust, ring.plane, ['--name', 'visitor']);
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
    const expired = await ring.trust.token('alice', ['route', 'admin'], -1_000);
    const other = await ring.trust.token('alice', ['subscribe:alice/*']);
    const request = { key: named('a'), replicas: 0, dryRun: true, application: 'echo', payload: idToBytes(keyOfName('a')) };
    for (const [token, reason] of [[undefined, 'TOKEN_MISSING'], ['rubbish', 'TOKEN_INVALID'], [expired, 'TOKEN_EXPIRED'], [other, 'SCOPE_MISSING']] as const) {
      const stranger = first.overlayClient(token);
      expect(await refusalOf(stranger.route.bind(stranger), request)).toBe(reason);
      expect(await refusalOf(stranger.lookup.bind(stranger), request)).toBe(reason);
      expect(await refusalOf(stranger.trace.bind(stranger), request)).toBe(reason);
      expect(await refusalOf(stranger.replicaSet.bind(stranger), request)).toBe(reason);
      expect(await refusalOf(stranger.getState.bind(stranger), {})).toBe(reason);
      expect(await reader(stranger.watchNeighbors({})).reason()).toBe(reason);
      const attachment = stranger.attach();
      attachment.write(attachAs('echo'));
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
    const health = createClient(Health, { address: first.service.ready.addresses['api']!, authority: ring.trust.pem }) as Client & Record<string, (request: object, callback: (error: Error | null, response: { status: string }) => void) => void>;
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
      const reflection = createClient(Reflection, { address: first.service.ready.addresses['api']!, authority: ring.trust.pem }) as Client & Record<string, () => ReturnType<overlay.OverlayServiceClient['attach']>>;
      const call = reflection['ServerReflectionInfo']!();
      call.write({ list_services: '' } as never);
      const answer = (await reader<unknown>(call as never).next()) as { list_services_response: { service: { name: string }[] } };
      expect(answer.list_services_response.service.map(({ name }) => name).sort()).toEqual(['banyan.multicast.v1.MulticastService', 'banyan.overlay.v1.OverlayService']);
      call.cancel();
      reflection.close();
    }
  });
});
