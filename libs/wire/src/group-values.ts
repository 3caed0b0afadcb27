// Epochs, records, rounds and signed descriptors: what multicast messages are made of.
import { LINEAGE_MAX, stripeCount, stripeDescriptor, STRIPES_MAX, VOTERS_MAX, type Backpressure, type DeliveryClass, type Epoch, type EpochRecord, type EpochSpan, type GapReason, type GroupDescriptor, type RoundMark, type Verified } from '@banyan/multicast';
import { multicast, type multicastPeer } from '@banyan/proto';
import { count, id, list, message, required, text, word, type Field } from './fields.ts';
import { Malformed } from './peer-fault.ts';
import { handle } from './ring-values.ts';

/** Rules and names in a descriptor at most, each way. */
const RULES_MAX = 1_024;
const NAME_MAX = 200;

export const epoch = message<Epoch, multicastPeer.Epoch>({ counter: count, root: id, incarnation: count });
const span = message<EpochSpan, multicastPeer.EpochSpan>({ epoch: required(epoch), firstSequence: count });
export const epochRecord = message<EpochRecord, multicastPeer.EpochRecord>({
  epoch: required(epoch),
  root: required(handle),
  voters: list(handle, VOTERS_MAX),
  firstSequence: count,
  lineage: list(span, LINEAGE_MAX),
});
export const roundMark = message<RoundMark, multicastPeer.RoundMark>({ epoch: required(epoch), round: count });

export const gapReason = word<GapReason, multicast.GapReason>({ EXPIRED: 1, OTHER_EPOCH: 2, LOST_STATE: 3, DROPPED: 4 });
export const deliveryClass = word<DeliveryClass, multicast.Delivery>({ 'best-effort': 1, ordered: 2, reliable: 3 });

const backpressure = message<Backpressure, multicast.Backpressure>({ bytes: count, maxWaitMs: count });

/** Whether a tree builder of this overlay signed these bytes; synchronous, and cached by whoever implements it. */
export type DescriptorCheck = (signed: multicast.SignedGroupDescriptor) => boolean;

/**
 * Signed descriptors ↔ `Verified<GroupDescriptor>`. The signed bytes are kept in `signature` and sent on as they came.
 * A descriptor that `isSigned` refuses is the peer's fault `DESCRIPTOR_INVALID`.
 */
export function descriptorCodec(isSigned: DescriptorCheck): Field<Verified<GroupDescriptor>, multicast.SignedGroupDescriptor> {
  return {
    toWire: ({ signature, stripe }) => ({ ...(signature as multicast.SignedGroupDescriptor), stripe: stripe?.index }),
    fromWire: (signed) => {
      if (!isSigned(signed)) throw new Malformed('DESCRIPTOR_INVALID', 'no tree builder of this overlay signed this group descriptor');
      const group = verified(signed);
      if (signed.stripe === undefined) return group;
      if (signed.stripe >= stripeCount(group)) throw new Malformed('FIELD_INVALID', 'a group has no such stripe');
      return stripeDescriptor(group, signed.stripe);
    },
  };
}

function verified(signed: multicast.SignedGroupDescriptor): Verified<GroupDescriptor> {
  const wire = multicast.GroupDescriptor.decode(signed.descriptor);
  if (wire.name.length > NAME_MAX) throw new Malformed('FIELD_INVALID', 'the name of a group is too long');
  if (wire.publishers.length > RULES_MAX || wire.subscribers.length > RULES_MAX) throw new Malformed('FIELD_INVALID', 'a group has too many rules');
  // A copy of its own: a descriptor outlives the frame it came in, which must not be pinned by it.
  const kept: multicast.SignedGroupDescriptor = { descriptor: Uint8Array.from(signed.descriptor), signature: Uint8Array.from(signed.signature), certificate: Uint8Array.from(signed.certificate) };
  const descriptor: GroupDescriptor = {
    group: id.fromWire(wire.key),
    name: wire.name,
    owner: text.fromWire(wire.owner),
    version: count.fromWire(wire.version),
    delivery: deliveryClass.fromWire(wire.delivery),
    retentionBytes: count.fromWire(wire.retentionBytes),
    retentionMs: count.fromWire(wire.retentionMs),
    fanOutMax: Math.max(1, wire.fanOutMax),
    ...(wire.backpressure === undefined ? {} : { backpressure: backpressure.fromWire(wire.backpressure) }),
    publishRules: wire.publishers,
    subscribeRules: wire.subscribers,
    closed: wire.deleted,
    ...(wire.stripes < 2 ? {} : { stripes: Math.min(wire.stripes, STRIPES_MAX) }),
    ...(wire.parity === true ? { parity: true } : {}),
    signature: kept,
  };
  return descriptor as Verified<GroupDescriptor>;
}
