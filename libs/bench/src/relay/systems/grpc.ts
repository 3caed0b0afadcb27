// @grpc/grpc-js, the usual way: a stream in, a stream out for each sink, one message a frame, nothing decoded.
import { once } from 'node:events';
import { Client, credentials, Server, ServerCredentials, type MethodDefinition, type ServerReadableStream, type ServerWritableStream } from '@grpc/grpc-js';
import type { RelaySystem } from '../system.ts';

const asIs = (bytes: Buffer): Buffer => bytes;
const codecs = { requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs };
const PUBLISH: MethodDefinition<Buffer, Buffer> = { path: '/bench.Relay/Publish', requestStream: true, responseStream: false, ...codecs };
const SUBSCRIBE: MethodDefinition<Buffer, Buffer> = { path: '/bench.Relay/Subscribe', requestStream: false, responseStream: true, ...codecs };
const WAITING_MAX = 256;
const HELLO = Buffer.alloc(0);

export const grpc: RelaySystem = {
  async relay() {
    const sinks = new Set<ServerWritableStream<Buffer, Buffer>>();
    const server = new Server();
    server.addService({ publish: PUBLISH, subscribe: SUBSCRIBE }, {
      publish: (call: ServerReadableStream<Buffer, Buffer>) => void pass(call, sinks),
      subscribe: (call: ServerWritableStream<Buffer, Buffer>) => {
        sinks.add(call);
        call.write(HELLO);
        call.on('cancelled', () => sinks.delete(call));
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error)));
    });
    return { address: `127.0.0.1:${port}` };
  },
  source(relay) {
    const client = new Client(relay, credentials.createInsecure());
    const call = client.makeClientStreamRequest(PUBLISH.path, asIs, asIs, () => undefined);
    const source = { send: (message: Uint8Array) => (call.write(message as Buffer) ? undefined : once(call, 'drain').then(() => undefined)) };
    return Promise.resolve(source);
  },
  async sinks(relay, { fanout }, take) {
    for (let sink = 0; sink < fanout; sink++) {
      const client = new Client(relay, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
      const call = client.makeServerStreamRequest(SUBSCRIBE.path, asIs, asIs, HELLO);
      await once(call, 'data');
      call.on('data', (message: Buffer) => take(sink, message));
    }
  },
};

async function pass(call: ServerReadableStream<Buffer, Buffer>, sinks: ReadonlySet<ServerWritableStream<Buffer, Buffer>>): Promise<void> {
  for await (const message of call) {
    for (const sink of sinks) sink.write(message);
    for (const sink of sinks) if (sink.writableLength > WAITING_MAX) await once(sink, 'drain');
  }
}
