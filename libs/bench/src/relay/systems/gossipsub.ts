// js-libp2p's gossipsub with its own defaults: one node publishes, as many others as there are sinks subscribe. No relay: the
// nodes are a mesh, each sink connected to the source and some other sinks, encrypted by noise (libp2p knows no plain links).
import { setTimeout as delay } from 'node:timers/promises';
import { gossipsub as gossip } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import type { RelaySystem } from '../system.ts';

const TOPIC = 'bench';
type Node = Awaited<ReturnType<typeof start>>;

/** Sinks each sink dials besides the source. */
const NEIGHBORS = 4;
const SETTLE_MS = 60_000;
const LOOK_MS = 50;

export const gossipsub: RelaySystem = {
  async source() {
    const node = await start();
    const { pubsub } = node.services;
    const publish = async (message: Uint8Array): Promise<void> => {
      await until(() => pubsub.getSubscribers(TOPIC).length > 0, 'the source has heard of no subscriber');
      await pubsub.publish(TOPIC, message);
    };
    return { address: addressOf(node), send: publish };
  },
  async sinks(source, { fanout }, take) {
    const nodes: Node[] = [];
    for (let sink = 0; sink < fanout; sink++) {
      const node = await start();
      node.services.pubsub.addEventListener('message', ({ detail }) => take(sink, detail.data));
      node.services.pubsub.subscribe(TOPIC);
      for (const at of [source, ...nodes.slice(-NEIGHBORS).map(addressOf)]) await node.dial(multiaddr(at));
      nodes.push(node);
    }
    await until(() => nodes.every((node) => node.services.pubsub.getSubscribers(TOPIC).length >= Math.min(NEIGHBORS, fanout - 1)), 'the mesh has not formed');
  },
};

function start() {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    // All come from one host at once, which by default counts as an attack; a busy machine takes its time.
    connectionManager: { inboundConnectionThreshold: Infinity, dialTimeout: SETTLE_MS, inboundUpgradeTimeout: SETTLE_MS },
    // … during which a ping that comes late is not the end of a connection.
    connectionMonitor: { enabled: false },
    services: {
      identify: identify(),
      // So does sharing one address, to gossipsub.
      pubsub: gossip({ scoreParams: { IPColocationFactorWeight: 0 } }),
    },
  });
}

function addressOf(node: Node): string {
  const address = node.getMultiaddrs()[0];
  if (address === undefined) throw new Error('a libp2p node does not listen');
  return address.toString();
}

async function until(holds: () => boolean, otherwise: string): Promise<void> {
  for (const end = performance.now() + SETTLE_MS; !holds(); await delay(LOOK_MS)) if (performance.now() > end) throw new Error(otherwise);
}
