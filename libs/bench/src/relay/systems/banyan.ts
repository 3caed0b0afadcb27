// Our own nodes: a ring of the relay, the source and the sinks, each a whole `OverlayHost`. The source is the root of the
// group and has one place for a child, which the relay takes; so the sinks become children of the relay, and all it does is
// to pass on.
import { setTimeout as delay } from 'node:timers/promises';
import { OverlayHost, weighBuffersWithHeap, type Publication, type SubscriptionEvent } from '@banyan/host';
import { assembleCredentials, groupKey, ownerOfGroup, signDescriptor, type Credentials } from '@banyan/identity';
import { compareDistance, idToBytes, type Id } from '@banyan/ids';
import { multicast } from '@banyan/proto';
import { decodePayload } from '@banyan/wire';
import { BATCH_BYTES } from '../batching.ts';
import type { PartyKeys, PartySetup, RelaySystem, Source } from '../system.ts';

const RELAY = 0;
const SOURCE = 1;
const FIRST_SINK = 2;
const CLIENT = 'bench';
const SETTLE_MS = 20_000;
const LOOK_MS = 50;
// Twice what the source may be ahead.
const RETENTION_BYTES = 16n * 1024n * 1024n;
const RETENTION_MS = 60_000n;

export const banyan: RelaySystem = {
  async relay(setup) {
    weighBuffersWithHeap();
    const host = await enter(setup, RELAY);
    const group = groupKey(groupName(setup));
    let subscription: ReturnType<OverlayHost['groups']['subscribe']> | undefined;
    return {
      address: host.self.controlAddress,
      async meetSource() {
        subscription = host.groups.subscribe({ group, start: { type: 'latest' } });
        await subscription[Symbol.asyncIterator]().next();
      },
      async meetSinks() {
        await until(() => host.groups.place(group)?.children.length === setup.fanout, `the relay has not the ${setup.fanout} sinks as its children`);
        subscription?.close();
      },
    };
  },
  async source(relay, setup) {
    const host = await enter(setup, SOURCE, relay);
    const descriptor = describe(setup);
    await until(() => host.view.leaves().length > 0, 'the source has not found the relay');
    await host.groups.open(descriptor);
    return batching(host.groups.publish({ group: groupKey(groupName(setup)), client: CLIENT, descriptor }));
  },
  async sinks(relay, setup, take) {
    const group = groupKey(groupName(setup));
    for (let sink = 0; sink < setup.fanout; sink++) {
      const host = await enter(setup, FIRST_SINK + sink, relay);
      const events = host.groups.subscribe({ group, start: { type: 'latest' } })[Symbol.asyncIterator]();
      await events.next();
      void read(events, (message) => take(sink, message));
    }
  },
};

async function read(events: AsyncIterator<SubscriptionEvent>, take: (message: Uint8Array) => void): Promise<void> {
  for (;;) {
    const { value, done } = await events.next();
    if (done === true) throw new Error('a subscription ended');
    if (value.type === 'gap') throw new Error(`messages ${value.from} to ${value.to} are missing: ${value.reason}`);
    if (value.type === 'messages') for (const message of decodePayload(value.payload) ?? []) take(message);
  }
}

// Gathers like the SDK: 256 KiB, or what one turn of the event loop brought.
function batching(publication: Publication): Source {
  let messages: Uint8Array[] = [];
  let bytes = 0;
  let counter = 1;
  const flush = (): Promise<void> | undefined => {
    if (messages.length === 0) return undefined;
    const batch = { counter, messages };
    counter += messages.length;
    messages = [];
    bytes = 0;
    return publication.send(batch);
  };
  void drain(publication);
  return {
    send(message) {
      if (messages.length === 0) setImmediate(() => void flush());
      messages.push(message);
      bytes += message.length;
      return bytes >= BATCH_BYTES ? flush() : undefined;
    },
  };
}

async function drain(publication: Publication): Promise<void> {
  for await (const receipt of publication.receipts) void receipt;
}

async function enter(setup: PartySetup, party: number, relay?: string): Promise<OverlayHost> {
  const host = await OverlayHost.open({
    credentials: credentialsOf(setup.keys[party]),
    incarnation: 1,
    listen: { control: '127.0.0.1:0', data: '127.0.0.1:0' },
    capacity: party === SOURCE ? 1 : setup.fanout,
    multicast: { voters: 1 },
    unprotectedData: !setup.mtls,
    onFatal: (error) => {
      throw error;
    },
  });
  host.start(relay === undefined ? [] : [await host.discover(relay)]);
  await host.whenReady();
  return host;
}

function describe(setup: PartySetup): multicast.SignedGroupDescriptor {
  const name = groupName(setup);
  const descriptor: multicast.GroupDescriptor = {
    name,
    owner: ownerOfGroup(name),
    key: idToBytes(groupKey(name)),
    delivery: multicast.Delivery.RELIABLE,
    retentionBytes: RETENTION_BYTES,
    retentionMs: RETENTION_MS,
    fanOutMax: setup.fanout,
    stripes: 0,
    publishers: ['*'],
    subscribers: ['*'],
    createdAtMs: 1n,
    version: 1n,
    deleted: false,
  };
  return signDescriptor(multicast.GroupDescriptor.encode(descriptor).finish(), credentialsOf(setup.keys.at(-1))) as multicast.SignedGroupDescriptor;
}

/** The first name whose key the source owns, so that the source is the root; the same at every party. */
function groupName({ keys }: PartySetup): string {
  const ids = keys.slice(0, -1).map((one) => credentialsOf(one).identity.id);
  const source = ids[SOURCE];
  const owner = (key: Id): Id | undefined => [...ids].sort((a, b) => compareDistance(key, a, b))[0];
  for (let number = 1; ; number++) {
    const name = `bench/relay-${number}`;
    if (owner(groupKey(name)) === source) return name;
  }
}

function credentialsOf(keys: PartyKeys | undefined): Credentials {
  const credentials = keys === undefined ? undefined : assembleCredentials(keys);
  if (credentials === undefined) throw new Error('the keys of a party do not belong together');
  return credentials;
}

async function until(holds: () => boolean, otherwise: string): Promise<void> {
  for (const end = performance.now() + SETTLE_MS; !holds(); await delay(LOOK_MS)) if (performance.now() > end) throw new Error(otherwise);
}
