// A service with one method of each kind, in JSON, so that the specs depend on no proto.
import { makeClientConstructor, type MethodDefinition } from '@grpc/grpc-js';
import type { ServiceMethods } from '../calls/listener.ts';

type Json = Record<string, unknown>;

/** banyan.probe.v1.ProbeService. */
export const PROBE_METHODS = {
  echo: method('Echo', false, false),
  count: method('Count', false, true),
  sum: method('Sum', true, false),
  mirror: method('Mirror', true, true),
} satisfies ServiceMethods;

/** A client of it. */
export const ProbeClient = makeClientConstructor(PROBE_METHODS, 'banyan.probe.v1.ProbeService');

function method(name: string, requestStream: boolean, responseStream: boolean): MethodDefinition<Json, Json> {
  const serialize = (value: Json): Buffer => Buffer.from(JSON.stringify(value));
  const deserialize = (bytes: Buffer): Json => JSON.parse(bytes.toString('utf8')) as Json;
  return {
    path: `/banyan.probe.v1.ProbeService/${name}`,
    requestStream,
    responseStream,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  };
}
