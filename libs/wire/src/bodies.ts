// What applications put into envelopes and direct messages: each has its own encoding, found by its name.
import type { AttachedBody, LookupBody } from '@banyan/overlay';
import { peer } from '@banyan/proto';
import { bytes, count, flag, message, small, text, variants, type Field, type OneOf } from './fields.ts';
import { Malformed } from './peer-fault.ts';
import { handles, hopRecords } from './ring-values.ts';

/** The encoding of one application's bodies. `decode` throws `Malformed`. */
export interface BodyCodec<Body> {
  encode(body: Body): Uint8Array;
  decode(wire: Uint8Array): Body;
}

/** The encoding of some application; which bodies it takes is known to itself only. */
interface SomeBodyCodec {
  encode(body: never): Uint8Array;
  decode(wire: Uint8Array): unknown;
}

/** The encodings of all applications of a node. */
export class BodyCodecs {
  readonly #codecs: ReadonlyMap<string, BodyCodec<unknown>>;

  constructor(codecs: Readonly<Record<string, SomeBodyCodec>>) {
    this.#codecs = new Map(Object.entries(codecs) as unknown as [string, BodyCodec<unknown>][]);
  }

  encode(app: string, body: unknown): Uint8Array {
    return this.#of(app).encode(body);
  }

  decode(app: string, wire: Uint8Array): unknown {
    return this.#of(app).decode(wire);
  }

  #of(app: string): BodyCodec<unknown> {
    const codec = this.#codecs.get(app);
    if (codec === undefined) throw new Malformed('FRAME_UNKNOWN', 'a message for an application that this version does not know');
    return codec;
  }
}

type Found = Extract<LookupBody, { readonly type: 'found' }>;
type WireFound = Omit<peer.Found, 'explained' | 'record'>;

const plainFound = message<Omit<Found, 'record'>, WireFound>({ requestId: count, replicaSet: handles, hops: small });
const found: Field<Found, peer.Found> = {
  toWire: (value) => ({ ...plainFound.toWire(value), explained: value.record !== undefined, record: hopRecords.toWire(value.record ?? []) }),
  fromWire: (wire) => ({ ...plainFound.fromWire(wire), type: 'found', ...(wire.explained ? { record: hopRecords.fromWire(wire.record) } : {}) }),
};
const lookup: Field<LookupBody, OneOf | undefined> = variants<LookupBody>({
  find: message<Extract<LookupBody, { readonly type: 'find' }>, peer.Find>({ requestId: count, replicas: small, dryRun: flag }),
  found,
});

/** Bodies of the lookup application. */
export const lookupBodies: BodyCodec<LookupBody> = {
  encode: (body) => peer.LookupBody.encode({ body: lookup.toWire(body) as NonNullable<peer.LookupBody['body']> }).finish(),
  decode: (wire) => lookup.fromWire(peer.LookupBody.decode(wire).body),
};

type Answer = Extract<AttachedBody, { readonly type: 'answer' }>;
type WireAnswer = Omit<peer.AttachedAnswer, 'explained' | 'record'>;

const plainAnswer = message<Omit<Answer, 'record'>, WireAnswer>({ requestId: count, delivered: flag, stopped: flag, hops: small });
const answer: Field<Answer, peer.AttachedAnswer> = {
  toWire: (value) => ({ ...plainAnswer.toWire(value), explained: value.record !== undefined, record: hopRecords.toWire(value.record ?? []) }),
  fromWire: (wire) => ({ ...plainAnswer.fromWire(wire), type: 'answer', ...(wire.explained ? { record: hopRecords.fromWire(wire.record) } : {}) }),
};
const attached: Field<AttachedBody, OneOf | undefined> = variants<AttachedBody>({
  message: message<Extract<AttachedBody, { readonly type: 'message' }>, peer.AttachedMessage>({ requestId: count, application: text, payload: bytes }),
  answer,
});

/** Bodies of applications attached over gRPC. */
export const attachedBodies: BodyCodec<AttachedBody> = {
  encode: (body) => peer.AttachedBody.encode({ body: attached.toWire(body) as NonNullable<peer.AttachedBody['body']> }).finish(),
  decode: (wire) => attached.fromWire(peer.AttachedBody.decode(wire).body),
};
