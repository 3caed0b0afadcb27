import type { Envelope, Seek } from '@banyan/kbr';
import type { peer } from '@banyan/proto';
import type { BodyCodecs } from './bodies.ts';
import { count, id, message, optional, required, small, text, textOrNone, type Field } from './fields.ts';
import { handle, hopRecords, place } from './ring-values.ts';

/** A routed message whose body is encoded by the application that it names. */
export type EnvelopeCodec = Field<Envelope, peer.Envelope>;

const origin = required(handle);
const seek = optional(message<Seek, peer.Seek>({ replicas: small, from: required(place) }));

/** Envelopes of the given applications; one of an unknown application is the peer's fault. */
export function envelopeCodec(bodies: BodyCodecs): EnvelopeCodec {
  return {
    toWire: (envelope) => ({
      application: envelope.app,
      key: id.toWire(envelope.key),
      body: bodies.encode(envelope.app, envelope.body),
      origin: origin.toWire(envelope.origin),
      counter: count.toWire(envelope.counter),
      hops: envelope.hops,
      explain: envelope.record !== undefined,
      record: hopRecords.toWire(envelope.record ?? []),
      traceparent: textOrNone.toWire(envelope.trace),
      seek: seek.toWire(envelope.seek),
    }),
    fromWire: (wire) => {
      const app = text.fromWire(wire.application);
      const trace = textOrNone.fromWire(wire.traceparent);
      const sought = seek.fromWire(wire.seek);
      return {
        app,
        key: id.fromWire(wire.key),
        body: bodies.decode(app, wire.body),
        origin: origin.fromWire(wire.origin),
        counter: count.fromWire(wire.counter),
        hops: small.fromWire(wire.hops),
        ...(wire.explain ? { record: hopRecords.fromWire(wire.record) } : {}),
        ...(sought === undefined ? {} : { seek: sought }),
        ...(trace === undefined ? {} : { trace }),
      };
    },
  };
}
