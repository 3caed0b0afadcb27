// Multicast messages, one line per message: ours on the left, the proto's field of the same name on the right.
import {
  AHEAD_MAX,
  BACKUPS_MAX,
  BEAT_GROUPS_MAX,
  CERTIFICATES_MAX,
  COVER_WORST_MAX,
  PLACE_AHEAD_MAX,
  PLACE_VISITS_MAX,
  RECEIPTS_MAX,
  VISITS_MAX,
  type AnycastRefusal,
  type Certificate,
  type Cover,
  type DownBeat,
  type GraftRefusal,
  type GroupDescriptor,
  type MulticastMessage,
  type PublishRefusal,
  type Receipt,
  type UpBeat,
  type Verified,
} from '@banyan/multicast';
import { multicastPeer as wire, type multicast } from '@banyan/proto';
import type { BodyCodec } from './bodies.ts';
import { count, flag, id, idOrNone, list, message, optional, required, small, text, variants, word, type Field } from './fields.ts';
import { descriptorCodec, epoch, epochRecord, roundMark, type DescriptorCheck } from './group-values.ts';
import { handle } from './ring-values.ts';

const NO_BYTES = new Uint8Array(0);
/** Nodes that a refusal or an acknowledgement names at most. */
const REDIRECTS_MAX = 64;

type M<K extends MulticastMessage['type']> = Extract<MulticastMessage, { readonly type: K }>;
type Accepted = NonNullable<M<'promise'>['accepted']>;

const graftRefusal = word<GraftRefusal, wire.GraftRefusal>({ full: 1, detached: 2, closed: 3, 'unknown-group': 4, leaving: 5 });
const publishRefusal = word<PublishRefusal, wire.PublishRefusal>({
  NO_QUORUM: 1,
  UNKNOWN_GROUP: 2,
  GROUP_CLOSED: 3,
  RECEIPT_UNKNOWN: 4,
  COUNTER_GAP: 5,
  TOO_MANY_SESSIONS: 6,
  MESSAGE_ABORTED: 7,
});
const duty = word<M<'invite'>['duty'], wire.Duty>({ voter: 1, root: 2 });
const backups = list(handle, BACKUPS_MAX);
const redirect = list(handle, REDIRECTS_MAX);
const accepted = message<Accepted, wire.AcceptedSuccessor>({ ballot: required(epoch), record: required(epochRecord) });
const standing = word<Certificate['state'], wire.Standing>({ in: 1, left: 2, suspected: 3 });
const certificate = message<Certificate, wire.Certificate>({ member: id, incarnation: count, moves: count, parent: id, state: standing, reads: flag });
const memberNext = message<Cover['worst'][number], wire.MemberNext>({ member: id, next: count });
const countOrNone: Field<number, bigint | undefined> = {
  toWire: (value) => (value === Infinity ? undefined : count.toWire(value)),
  fromWire: (wire) => (wire === undefined ? Infinity : count.fromWire(wire)),
};
const cover = message<Cover, wire.Cover>({ version: count, worst: list(memberNext, COVER_WORST_MAX), rest: countOrNone });
const upBeat = message<UpBeat, wire.UpBeat>({ group: id, flow: count, creditBytes: count, next: count, epoch: required(epoch), placesLeft: small, spare: optional(flag), cover: optional(cover) });

const anycastRefusal = word<AnycastRefusal, wire.AnycastRefusal>({ NOBODY: 1, VISITS: 2, UNKNOWN_GROUP: 3 });

const anycastSearch: Field<M<'anycast'>, wire.AnycastSearch> = {
  toWire: (search) => ({
    group: id.toWire(search.group),
    query: count.toWire(search.query),
    origin: handle.toWire(search.origin),
    payload: search.payload as Uint8Array,
    visitsMax: search.visitsMax,
    visited: list(id, VISITS_MAX).toWire(search.visited),
    ahead: list(handle, AHEAD_MAX).toWire(search.ahead),
  }),
  fromWire: (search) => ({
    type: 'anycast',
    group: id.fromWire(search.group),
    query: count.fromWire(search.query),
    origin: required(handle).fromWire(search.origin),
    payload: search.payload,
    bytes: search.payload.length,
    visitsMax: search.visitsMax,
    visited: list(id, VISITS_MAX).fromWire(search.visited),
    ahead: list(handle, AHEAD_MAX).fromWire(search.ahead),
  }),
};

const anycastAnswer: Field<M<'anycastAnswer'>, wire.AnycastAnswer> = {
  toWire: (answer) => ({
    group: id.toWire(answer.group),
    query: count.toWire(answer.query),
    by: handle.toWire(answer.by),
    visits: answer.visits,
    refusal: answer.reason === undefined ? 0 : anycastRefusal.toWire(answer.reason),
    reply: answer.reason === undefined ? (answer.reply as Uint8Array) : NO_BYTES,
  }),
  fromWire: (answer) => ({
    type: 'anycastAnswer',
    group: id.fromWire(answer.group),
    query: count.fromWire(answer.query),
    by: required(handle).fromWire(answer.by),
    visits: answer.visits,
    ...(answer.refusal === 0 ? {} : { reason: anycastRefusal.fromWire(answer.refusal) }),
    reply: answer.reply,
    bytes: answer.reply.length,
  }),
};

/** `backups` is told when it changed, which an empty list cannot say: hence the flag beside it. */
const downBeat: Field<DownBeat, wire.DownBeat> = {
  toWire: (beat) => ({
    group: id.toWire(beat.group),
    mark: roundMark.toWire(beat.mark),
    low: count.toWire(beat.low),
    committed: count.toWire(beat.committed),
    sent: count.toWire(beat.sent),
    hasBackups: beat.backups !== undefined,
    backups: backups.toWire(beat.backups ?? []),
  }),
  fromWire: (beat) => ({
    group: id.fromWire(beat.group),
    mark: required(roundMark).fromWire(beat.mark),
    low: count.fromWire(beat.low),
    committed: count.fromWire(beat.committed),
    sent: count.fromWire(beat.sent),
    ...(beat.hasBackups ? { backups: backups.fromWire(beat.backups) } : {}),
  }),
};

/** A receipt, on control links and in a root's memory. */
export const receipt: Field<Receipt, multicast.Receipt> = {
  toWire: (value) => ({ firstCounter: count.toWire(value.counter), count: value.count, firstSequence: count.toWire(value.firstSequence) }),
  fromWire: (value) => ({ counter: count.fromWire(value.firstCounter), count: value.count, firstSequence: count.fromWire(value.firstSequence) }),
};

/** Bodies of the multicast application. */
export function multicastBodies(isSigned: DescriptorCheck): BodyCodec<MulticastMessage> {
  const messages = multicastMessages(descriptorCodec(isSigned));
  return {
    encode: (body) => wire.MulticastMessage.encode({ message: messages.toWire(body) as NonNullable<wire.MulticastMessage['message']> }).finish(),
    decode: (bytes) => messages.fromWire(wire.MulticastMessage.decode(bytes).message),
  };
}

function multicastMessages(signed: Field<Verified<GroupDescriptor>, multicast.SignedGroupDescriptor>) {
  const descriptor = required(signed);
  const record = required(epochRecord);
  const ballot = required(epoch);
  return variants<MulticastMessage>({
    join: message<M<'join'>, wire.Join>({
      group: id,
      child: required(handle),
      accepted: optional(roundMark),
      record: optional(epochRecord),
      descriptor: optional(signed),
      next: count,
    }),
    findRoot: message<M<'findRoot'>, wire.FindRoot>({
      group: id,
      publisher: required(handle),
      record: optional(epochRecord),
      descriptor: optional(signed),
      next: count,
    }),
    open: message<M<'open'>, wire.Open>({ descriptor, asker: required(handle) }),
    announce: message<M<'announce'>, wire.AnnounceEpoch>({ group: id, record, descriptor, next: count }),
    graft: message<M<'graft'>, wire.Graft>({ group: id, accepted: optional(roundMark), voter: flag }),
    graftAck: message<M<'graftAck'>, wire.GraftAck>({
      group: id,
      descriptor,
      record,
      mark: required(roundMark),
      low: count,
      next: count,
      committed: count,
      whole: optional(count),
      backups,
    }),
    graftRefused: message<M<'graftRefused'>, wire.GraftRefused>({ group: id, reason: graftRefusal, redirect }),
    leave: message<M<'leave'>, wire.LeaveParent>({ group: id }),
    notChild: message<M<'notChild'>, wire.NotChild>({ group: id, redirect }),
    beat: message<M<'beat'>, wire.Beat>({ down: list(downBeat, BEAT_GROUPS_MAX), up: list(upBeat, BEAT_GROUPS_MAX) }),
    resume: message<M<'resume'>, wire.Resume>({ group: id, flow: count, next: count, creditBytes: count }),
    credit: message<M<'credit'>, wire.Credit>({ group: id, flow: count, creditBytes: count }),
    fetch: message<M<'fetch'>, wire.Fetch>({ group: id, from: count, to: count, bytesMax: count }),
    locate: message<M<'locate'>, wire.Locate>({ group: id, stampMs: count, asker: required(handle), hops: small }),
    located: message<M<'located'>, wire.Located>({ group: id, stampMs: count, sequence: count }),
    certify: message<M<'certify'>, wire.Certify>({ group: id, base: count, version: count, certificates: list(certificate, CERTIFICATES_MAX) }),
    certified: message<M<'certified'>, wire.Certified>({ group: id, version: count }),
    hold: message<M<'hold'>, wire.Hold>({ group: id }),
    moveDown: message<M<'moveDown'>, wire.MoveDown>({ group: id, redirect }),
    publishHold: message<M<'publishHold'>, wire.PublishHold>({ group: id }),
    probe: message<M<'probe'>, wire.ProbeFor>({ target: required(handle) }),
    ping: message<M<'ping'>, wire.TreePing>({ asker: required(handle) }),
    pong: message<M<'pong'>, wire.TreePong>({}),
    departing: message<M<'departing'>, wire.Departing>({}),
    inquire: message<M<'inquire'>, wire.Inquire>({ group: id }),
    known: message<M<'known'>, wire.Known>({ group: id, record: optional(epochRecord), descriptor: optional(signed), opener: idOrNone, next: count }),
    prepare: message<M<'prepare'>, wire.Prepare>({ group: id, ballot, record, descriptor }),
    promise: message<M<'promise'>, wire.Promise>({ group: id, ballot, low: count, next: count, committed: count, accepted: optional(accepted) }),
    refuse: message<M<'refuse'>, wire.Refuse>({
      group: id,
      ballot,
      restarted: flag,
      promised: optional(epoch),
      record: optional(epochRecord),
      next: count,
    }),
    catchUp: message<M<'catchUp'>, wire.CatchUp>({ group: id, ballot, record, descriptor }),
    caughtUp: message<M<'caughtUp'>, wire.CaughtUp>({ group: id, ballot, next: count }),
    accept: message<M<'accept'>, wire.Accept>({ group: id, ballot, after: ballot, proposal: record }),
    accepted: message<M<'accepted'>, wire.Accepted>({ group: id, ballot }),
    record: message<M<'record'>, wire.Decided>({ group: id, record, descriptor }),
    invite: message<M<'invite'>, wire.Invite>({ group: id, duty, record, descriptor }),
    voterAck: message<M<'voterAck'>, wire.VoterAck>({ group: id, epoch: ballot, next: count }),
    rootIs: message<M<'rootIs'>, wire.RootIs>({ group: id, record, descriptor }),
    opened: message<M<'opened'>, wire.Opened>({ group: id, record, descriptor }),
    noSuchGroup: message<M<'noSuchGroup'>, wire.NoSuchGroup>({ group: id }),
    publishGrant: message<M<'publishGrant'>, wire.PublishGrant>({ group: id, epoch: ballot, flow: count, creditBytes: count }),
    findPlace: message<M<'findPlace'>, wire.FindPlace>({
      group: id,
      stripe: id,
      child: required(handle),
      accepted: optional(roundMark),
      visited: list(id, PLACE_VISITS_MAX),
      ahead: list(handle, PLACE_AHEAD_MAX),
    }),
    anycast: anycastSearch,
    anycastAnswer,
    receipts: message<M<'receipts'>, wire.Receipts>({
      group: id,
      epoch: ballot,
      client: text,
      session: text,
      expected: count,
      receipts: list(receipt, RECEIPTS_MAX),
    }),
    receiptAsk: message<M<'receiptAsk'>, wire.ReceiptAsk>({ group: id, client: text, session: text, from: count }),
    publishRefused: message<M<'publishRefused'>, wire.PublishRefused>({
      group: id,
      client: text,
      session: text,
      counter: count,
      reason: publishRefusal,
    }),
  });
}
