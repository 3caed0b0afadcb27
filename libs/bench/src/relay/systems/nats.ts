// nats-server, spoken to in its own text protocol over TCP: PUB in, MSG out; several addresses, with commas between
// them, are a cluster, over which the sinks are spread.
// Source: docs.nats.io, "Client Protocol".
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { streamSource } from '../batching.ts';
import type { RelaySystem } from '../system.ts';

const SUBJECT = 'bench';
const LINE_END = Buffer.from('\r\n');
const CONNECT = 'CONNECT {"verbose":false,"pedantic":false,"echo":false,"lang":"node","version":"0","protocol":1}\r\nPING\r\n';
const CARRIAGE_RETURN = 13;
const M = 77;
const P = 80;

export const nats: RelaySystem = {
  async source(relay, setup) {
    const [first = ''] = relay.split(',');
    const socket = await dial(first, () => undefined);
    const head = Buffer.from(`PUB ${SUBJECT} ${setup.size}\r\n`);
    return streamSource(socket, (message) => [head, message, LINE_END]);
  },
  async sinks(relay, setup, take) {
    for (let sink = 0; sink < setup.fanout; sink++) {
      const servers = relay.split(',');
      const socket = await dial(servers[sink % servers.length] ?? '', (message) => take(sink, message));
      const isThere = pong(socket);
      socket.write(`SUB ${SUBJECT} 1\r\nPING\r\n`);
      await isThere;
    }
  },
};

/** A connection that answers pings and hands out messages, each valid during the call only. */
export async function dial(server: string, take: (message: Uint8Array) => void): Promise<Socket> {
  const [host = '', port = ''] = server.split(':');
  const socket = connect({ host, port: Number(port) });
  socket.setNoDelay(true);
  await once(socket, 'connect');
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    rest = bytes.subarray(parse(socket, bytes, take));
  });
  const isThere = pong(socket);
  socket.write(CONNECT);
  await isThere;
  return socket;
}

/** Resolves with the server's next answer to a PING. */
export function pong(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('pong', () => resolve()));
}

// How many bytes were whole.
function parse(socket: Socket, bytes: Buffer, take: (message: Uint8Array) => void): number {
  let at = 0;
  for (;;) {
    const end = bytes.indexOf(CARRIAGE_RETURN, at);
    if (end < 0 || end + LINE_END.length > bytes.length) return at;
    const first = bytes[at];
    if (first === M) {
      const size = Number(bytes.toString('latin1', bytes.lastIndexOf(' ', end) + 1, end));
      const payload = end + LINE_END.length;
      if (payload + size + LINE_END.length > bytes.length) return at;
      take(bytes.subarray(payload, payload + size));
      at = payload + size + LINE_END.length;
      continue;
    }
    if (first === P) {
      if (bytes[at + 1] === 'I'.charCodeAt(0)) socket.write('PONG\r\n');
      else socket.emit('pong');
    } else if (first === '-'.charCodeAt(0)) socket.destroy(new Error(`nats-server: ${bytes.toString('latin1', at, end)}`));
    at = end + LINE_END.length;
  }
}
