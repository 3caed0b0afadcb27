// Data links: frames of groups ↔ the bytes of `DataResponse`. What a forwarder received it writes again as it came;
// only the root and a publisher's node encode. Payloads are views on the frame, never copies.
import { PLACE_BYTES, SNAPSHOT_RECEIPTS_MAX, SNAPSHOT_SESSIONS_MAX, STRIPES_MAX, type Block, type Fragment, type MulticastFrame, type PartOf, type PayloadPlace, type RowMember, type SessionMemory, type StampedFrame } from '@banyan/multicast';
import { multicastPeer as wire, peer } from '@banyan/proto';
import { bytes, count, flag, id, list, message, optional, required, small, text, textOrNone, variants, type Field, type OneOf } from './fields.ts';
import { embed, gather, join, part, type Parts } from './gather.ts';
import { descriptorCodec, epoch, epochRecord, gapReason, type DescriptorCheck } from './group-values.ts';
import { receipt } from './multicast-messages.ts';
import { decoding, Malformed, type Decoded } from './peer-fault.ts';

/** Blocks in one frame at most. */
const BLOCKS_MAX = 4_096;

// Field numbers of the messages that carry payloads: DataResponse, DataFrame, StampedFrame, BatchFrame, Block, BlockPayload.
const RESPONSE_FRAME = 2;
const FRAME_STAMPED = 1;
const FRAME_BATCH = 3;
const STAMPED_BLOCKS = 6;
const BATCH_BLOCK = 2;
const BLOCK_PAYLOAD = 6;
const NO_BYTES = new Uint8Array(0);

type F<K extends MulticastFrame['type']> = Extract<MulticastFrame, { readonly type: K }>;

/** Encodes and decodes what travels on data links. */
export interface DataFrames {
  /** An encoded `DataResponse` that holds the frame; the first `headroom` bytes are left for the caller. */
  encode(frame: MulticastFrame, headroom?: number): Buffer;
  /** Of an encoded `DataResponse`; payloads are views on `encoded`. */
  decode(encoded: Uint8Array): Decoded<MulticastFrame>;
}

/** The codec of a node that trusts the descriptors which `isSigned` accepts. */
export function dataFrames(isSigned: DescriptorCheck): DataFrames {
  const frames = frameCodec(isSigned);
  return {
    encode: (frame, headroom) => gather(embed(RESPONSE_FRAME, dataFrame(frame, frames)), headroom),
    decode: (encoded) => decoding(() => {
      const { content } = peer.DataResponse.decode(encoded);
      if (content?.$case !== 'frame') throw new Malformed('FRAME_MALFORMED', 'a message on a data link without a frame');
      return frames.fromWire(wire.DataFrame.decode(content.value).frame);
    }),
  };
}

const place = message<PayloadPlace, wire.PayloadPlace>({ stripe: small, sequence: count, bytes: count });
const rowMember = message<RowMember, wire.RowMember>({ stripe: small, sequence: count, bytes: count, counter: count });
const row = list(rowMember, STRIPES_MAX);
const fragment = message<Fragment, wire.BlockFragment>({ index: small, count: small });
const partOf = message<PartOf, wire.PartOf>({ session: text, counter: count, count: small });

const block: Field<Block, wire.Block> = {
  toWire: (value) => ({
    client: value.client,
    session: value.session,
    counter: count.toWire(value.counter),
    count: value.count,
    traceparent: value.trace ?? '',
    payload: bytes.toWire(payloadOf(value)),
    place: value.place === undefined ? undefined : place.toWire(value.place),
    partOf: value.partOf === undefined ? undefined : partOf.toWire(value.partOf),
    row: row.toWire(value.row ?? []),
    fragment: value.fragment === undefined ? undefined : fragment.toWire(value.fragment),
  }),
  fromWire: (value) => {
    const trace = textOrNone.fromWire(value.traceparent);
    if (value.count < 1) throw new Malformed('FIELD_INVALID', 'a block holds at least one message');
    return {
      client: text.fromWire(value.client),
      session: text.fromWire(value.session),
      counter: count.fromWire(value.counter),
      count: value.count,
      payload: value.payload,
      bytes: value.place === undefined ? value.payload.length : PLACE_BYTES,
      ...(trace === undefined ? {} : { trace }),
      ...(value.place === undefined ? {} : { place: place.fromWire(value.place) }),
      ...(value.partOf === undefined ? {} : { partOf: partOf.fromWire(value.partOf) }),
      ...(value.row.length === 0 ? {} : { row: row.fromWire(value.row) }),
      ...(value.fragment === undefined ? {} : { fragment: fragment.fromWire(value.fragment) }),
    };
  },
};

// What carries payloads is put together from parts; the small rest of it, and every other frame, is left to the generated code.
function dataFrame(frame: MulticastFrame, frames: Field<MulticastFrame, OneOf | undefined>): Parts {
  if (frame.type === 'stamped') {
    const head = wire.StampedFrame.encode(stamped.toWire({ ...frame, blocks: [] })).finish();
    return embed(FRAME_STAMPED, join([part(head), ...frame.blocks.map((one) => embed(STAMPED_BLOCKS, blockParts(one)))]));
  }
  if (frame.type === 'batch') {
    const head = wire.BatchFrame.encode({ group: id.toWire(frame.group), flow: count.toWire(frame.flow), isOldest: frame.isOldest, block: undefined }).finish();
    return embed(FRAME_BATCH, join([part(head), embed(BATCH_BLOCK, blockParts(frame.block))]));
  }
  return part(wire.DataFrame.encode({ frame: frames.toWire(frame) as NonNullable<wire.DataFrame['frame']> }).finish());
}

function blockParts(value: Block): Parts {
  const head = wire.Block.encode(block.toWire({ ...value, payload: NO_BYTES })).finish();
  return join([part(head), embed(BLOCK_PAYLOAD, part(payloadOf(value)))]);
}

/** A block that only names the place of its payload has none, nor has one that gives a message up. */
function payloadOf({ payload, place: elsewhere, fragment: given }: Block): Uint8Array {
  return elsewhere === undefined && given?.count !== 0 ? (payload as Uint8Array) : NO_BYTES;
}

const stamped: Field<StampedFrame, wire.StampedFrame> = {
  toWire: (frame) => ({
    group: id.toWire(frame.group),
    epoch: epoch.toWire(frame.epoch),
    firstSequence: count.toWire(frame.firstSequence),
    committed: count.toWire(frame.committed),
    stampMs: count.toWire(Math.floor(frame.stampMs)),
    blocks: frame.blocks.map((value) => block.toWire(value)),
  }),
  fromWire: (frame) => {
    const blocks = list(block, BLOCKS_MAX).fromWire(frame.blocks);
    return {
      type: 'stamped',
      group: id.fromWire(frame.group),
      epoch: required(epoch).fromWire(frame.epoch),
      firstSequence: count.fromWire(frame.firstSequence),
      committed: count.fromWire(frame.committed),
      stampMs: count.fromWire(frame.stampMs),
      blocks,
      count: blocks.reduce((sum, one) => sum + one.count, 0),
      bytes: blocks.reduce((sum, one) => sum + one.bytes, 0),
    };
  },
};

const session = message<SessionMemory, wire.SessionMemory>({
  client: text,
  session: text,
  nextCounter: count,
  receipts: list(receipt, SNAPSHOT_RECEIPTS_MAX),
  open: optional(fragment),
});

function frameCodec(isSigned: DescriptorCheck): Field<MulticastFrame, OneOf | undefined> {
  return variants<MulticastFrame>({
    stamped,
    gap: message<F<'gap'>, wire.GapFrame>({ group: id, from: count, to: count, reason: gapReason }),
    batch: message<F<'batch'>, wire.BatchFrame>({ group: id, flow: count, isOldest: flag, block: required(block) }),
    begin: message<F<'begin'>, wire.BeginFrame>({ group: id, flow: count, from: count, record: required(epochRecord), low: count, committed: count }),
    mark: message<F<'mark'>, wire.MarkFrame>({ group: id, epoch: required(epoch), low: count, committed: count }),
    epoch: message<F<'epoch'>, wire.EpochFrame>({ group: id, record: required(epochRecord) }),
    sessions: message<F<'sessions'>, wire.SessionsFrame>({ group: id, sessions: list(session, SNAPSHOT_SESSIONS_MAX) }),
    closed: message<F<'closed'>, wire.ClosedFrame>({ group: id, descriptor: required(descriptorCodec(isSigned)) }),
  });
}
