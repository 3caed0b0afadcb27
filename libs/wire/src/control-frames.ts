// Control links: messages of the ring and of its applications ↔ the bytes of `ControlFrame`.
import type { PastryMessage } from '@banyan/pastry';
import { peer } from '@banyan/proto';
import { attachedBodies, BodyCodecs, lookupBodies } from './bodies.ts';
import { envelopeCodec } from './envelope.ts';
import type { DescriptorCheck } from './group-values.ts';
import { multicastBodies } from './multicast-messages.ts';
import { pastryMessages } from './pastry-messages.ts';
import { decoding, type Decoded } from './peer-fault.ts';

/** What one node says to another: a message of the ring, or one straight from application to application. */
export type ControlMessage =
  | { readonly type: 'ring'; readonly message: PastryMessage }
  | { readonly type: 'direct'; readonly app: string; readonly body: unknown };

/** Encodes and decodes what travels on control links. */
export interface ControlFrames {
  /** An encoded `ControlFrame`. */
  encode(message: ControlMessage): Uint8Array;
  /** Payloads of attached applications are views on `encoded`; everything else is read out of it. */
  decode(encoded: Uint8Array): Decoded<ControlMessage>;
}

/** The codec of a node that trusts the descriptors which `isSigned` accepts. */
export function controlFrames(isSigned: DescriptorCheck): ControlFrames {
  const bodies = new BodyCodecs({ lookup: lookupBodies, attached: attachedBodies, multicast: multicastBodies(isSigned) });
  const ring = pastryMessages(envelopeCodec(bodies));
  const toWire = (message: ControlMessage): peer.ControlFrame['message'] =>
    message.type === 'ring'
      ? (ring.toWire(message.message) as peer.ControlFrame['message'])
      : { $case: 'direct', value: { application: message.app, body: bodies.encode(message.app, message.body) } };
  return {
    encode: (message) => peer.ControlFrame.encode({ message: toWire(message) }).finish(),
    decode: (encoded) => decoding(() => {
      const { message } = peer.ControlFrame.decode(encoded);
      if (message?.$case !== 'direct') return { type: 'ring', message: ring.fromWire(message) };
      const { application, body } = message.value;
      return { type: 'direct', app: application, body: bodies.decode(application, body) };
    }),
  };
}

