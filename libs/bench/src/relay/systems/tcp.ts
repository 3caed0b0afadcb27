// The least a relay can do, in Node: bytes that come from the source are written to every sink, with or without TLS.
import { once } from 'node:events';
import { connect as connectTcp, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { streamSource } from '../batching.ts';
import { cutter, type PartySetup, type RelaySystem } from '../system.ts';

const SOURCE = 0x73;
const SINK = 0x6b;
const QUEUE_BYTES_MAX = 4 * 1024 * 1024;

export const tcp: RelaySystem = {
  async relay(setup) {
    const sinks = new Set<Socket>();
    const accept = (socket: Socket): void => {
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.once('data', (first: Buffer) => {
        if (first[0] === SINK) return void sinks.add(socket);
        pass(socket, first.subarray(1), sinks);
      });
    };
    const own = setup.keys[0];
    const server: Server = setup.mtls && own !== undefined
      ? createTlsServer({ key: own.key, cert: own.certificate, ca: own.authority, requestCert: true, rejectUnauthorized: true }, accept)
      : createServer(accept);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
  },
  async source(relay, setup) {
    const socket = await dial(relay, setup, 1);
    socket.write(Buffer.of(SOURCE));
    return streamSource(socket);
  },
  async sinks(relay, setup, take) {
    for (let sink = 0; sink < setup.fanout; sink++) {
      const socket = await dial(relay, setup, 2 + sink);
      socket.on('data', cutter(setup.size, (message) => take(sink, message)));
      socket.write(Buffer.of(SINK));
    }
  },
};

// The chunk that was read is the chunk that is written; reading rests while a sink is behind.
function pass(source: Socket, first: Buffer, sinks: ReadonlySet<Socket>): void {
  const relayed = (chunk: Buffer): void => {
    let isBehind = false;
    for (const sink of sinks) {
      sink.write(chunk);
      isBehind ||= sink.writableLength > QUEUE_BYTES_MAX;
    }
    if (!isBehind) return;
    source.pause();
    const look = (): void => {
      if ([...sinks].some((sink) => sink.writableLength > QUEUE_BYTES_MAX / 2)) setTimeout(look, 1);
      else source.resume();
    };
    look();
  };
  if (first.length > 0) relayed(first);
  source.on('data', relayed);
}

async function dial(relay: string, setup: PartySetup, party: number): Promise<Socket> {
  const [host = '', port = ''] = relay.split(':');
  const keys = setup.keys[party];
  const socket = setup.mtls && keys !== undefined
    ? connectTls({ host, port: Number(port), key: keys.key, cert: keys.certificate, ca: keys.authority, checkServerIdentity: () => undefined })
    : connectTcp({ host, port: Number(port) });
  socket.setNoDelay(true);
  await once(socket, setup.mtls ? 'secureConnect' : 'connect');
  return socket;
}
