import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { certificateToPem, IdentityStore, nodeId, publicKeyToSpki } from '@banyan/identity';
import { splitAddress } from '@banyan/service-kit';
import { multicast } from '@banyan/proto';
import { reader } from './testing/calls.ts';
import type { TestNode } from './testing/test-node.ts';
import { startTestRing, type TestRing } from './testing/test-ring.ts';

const GROUP = 'alice/rotation';
const MESSAGES = 300;
let ring: TestRing;

beforeAll(async () => {
  ring = await startTestRing(3);
});
afterAll(() => ring.stop());

it('takes new certificates over under load: no stream is cut, nothing is lost, and whoever dials sees the new one', async () => {
  ring.plane.createGroup(GROUP);
  const subscriptions = await Promise.all(ring.nodes.map(async (node) => {
    const told = reader(node.multicastClient(await ring.trust.token('bob', ['subscribe:alice/*'])).subscribe({ group: GROUP, start: { start: undefined }, descriptor: undefined, slowPolicy: multicast.SlowPolicy.UNSPECIFIED }));
    await told.next();
    return told;
  }));
  const call = ring.nodes[0]!.multicastClient(await ring.trust.token('alice', ['publish:alice/*'])).publish();
  const publisher = reader<multicast.PublishResponse>(call);
  call.write({ request: { $case: 'open', value: { group: GROUP, session: new Uint8Array(), descriptor: undefined } } });
  await publisher.next();
  const faultsBefore = await faults();
  const serials = await Promise.all(ring.nodes.map(shownSerial));
  for (let counter = 1; counter <= MESSAGES; counter++) {
    call.write({ request: { $case: 'batch', value: { firstCounter: BigInt(counter), messages: [Buffer.from(String(counter))] } } });
    // One node after the other, each in the midst of the messages of the others.
    if (counter % 100 === 50) {
      const node = ring.nodes[Math.floor(counter / 100)]!;
      await renewOnDisk(node);
      expect(await node.service.reload()).toBe('applied');
    }
    await publisher.next();
  }
  for (const told of subscriptions) expect(await texts(told, MESSAGES)).toEqual(Array.from({ length: MESSAGES }, (_, at) => String(at + 1)));
  const renewed = await Promise.all(ring.nodes.map(shownSerial));
  expect(renewed.filter((serial, at) => serial === serials[at])).toEqual([]);
  expect(await faults()).toEqual(faultsBefore);
  const text = await ring.nodes[0]!.service.context.metrics.scrape();
  const left = Number(/banyan_certificate_expires_in_seconds\{certificate="own"\} (\S+)/.exec(text)?.[1]);
  expect(left).toBeGreaterThan(29 * 86_400);
  expect(text).toMatch(/banyan_certificate_expires_in_seconds\{certificate="authority"\} \d+/);
  expect(text).toMatch(/banyan_overlay_join_duration_seconds_count 1/);
});

/** Same key, salt and id, signed anew, as auth does it. */
async function renewOnDisk({ dataDir }: TestNode): Promise<void> {
  const store = await IdentityStore.open(dataDir);
  const kept = await store.credentials(ring.trust.pem);
  if (kept === undefined) throw new Error('a member');
  const { identity, privateKey } = kept;
  const publicKey = publicKeyToSpki(privateKey);
  const { der } = await ring.trust.authority.issue({ id: nodeId(publicKey, identity.salt), salt: identity.salt, role: 'node', addresses: ['127.0.0.1'], publicKey, now: Date.now() });
  await store.save({ ...kept, certificate: certificateToPem(der) });
}

function shownSerial(node: TestNode): Promise<string> {
  const { host, port } = splitAddress(node.service.ready.addresses['api'] ?? '');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ca: ring.trust.pem, ALPNProtocols: ['h2'] }, () => {
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      resolve(serialNumber);
    });
    socket.on('error', reject);
  });
}

async function faults(): Promise<readonly string[]> {
  const scrapes = await Promise.all(ring.nodes.map((node) => node.service.context.metrics.scrape()));
  return scrapes.flatMap((text) => text.match(/^banyan_(overlay_peer_(faults|deaths)_total|multicast_(gaps|moves)_total|overlay_stalls_total).*/gm) ?? []);
}

async function texts(told: { next(): Promise<multicast.SubscribeResponse> }, count: number): Promise<string[]> {
  const received: string[] = [];
  while (received.length < count) {
    const { response } = await told.next();
    if (response?.$case === 'gap') throw new Error('a gap');
    if (response?.$case === 'messages') received.push(...response.value.messages.map((message) => Buffer.from(message).toString()));
  }
  return received;
}
