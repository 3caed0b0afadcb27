// Ring messages, one line per message: ours on the left, the proto's field of the same name on the right.
import type { HopMessage } from '@banyan/hop-delivery';
import type { LeafOutline, Located, PastryMessage, RunningLease } from '@banyan/pastry';
import type { FailedLife, PeerMessage } from '@banyan/peers';
import type { peer } from '@banyan/proto';
import type { EnvelopeCodec } from './envelope.ts';
import { count, flag, heads, id, list, message, optional, real, required, small, text, variants, type Field, type OneOf } from './fields.ts';
import { handle, handles, place } from './ring-values.ts';

/** Rows in one message at most: as many as an id has digits in the smallest base. */
const ROWS_MAX = 128;

type Message<K extends PastryMessage['type']> = Extract<PastryMessage, { readonly type: K }>;
type Peer<K extends PeerMessage['type']> = Extract<PeerMessage, { readonly type: K }>;

const failedLife = message<FailedLife, peer.FailedLife>({ id, incarnation: count });
const outline = message<LeafOutline, peer.LeafOutline>({ heads, above: small, roomAbove: small, roomBelow: small });
const places = list(place);
const row: Field<Located, peer.Row> = {
  toWire: (told) => ({ entries: handles.toWire(told.nodes), places: places.toWire(told.places) }),
  fromWire: (wire) => ({ nodes: handles.fromWire(wire.entries), places: places.fromWire(wire.places) }),
};
/** -1 for "no row of mine holds you" is an absent field on the wire. */
const rowOrNone: Field<number, number | undefined> = { toWire: (value) => (value < 0 ? undefined : value), fromWire: (wire) => wire ?? -1 };

/** Every message of the ring ↔ the oneof of `ControlFrame`; bodies of envelopes belong to `envelopes`. */
export function pastryMessages(envelopes: EnvelopeCodec): Field<PastryMessage, OneOf | undefined> {
  return variants<PastryMessage>({
    envelope: message<Extract<HopMessage, { readonly type: 'envelope' }>, peer.HopEnvelope>({ hopId: count, envelope: required(envelopes) }),
    hopAck: message<Message<'hopAck'>, peer.HopAck>({ hopId: count }),
    ping: message<Peer<'ping'>, peer.Ping>({ nonce: count, at: required(place) }),
    pong: message<Peer<'pong'>, peer.Pong>({ nonce: count, ready: flag, at: required(place), wants: flag }),
    distance: message<Peer<'distance'>, peer.Distance>({ roundTripMs: real }),
    pingRequest: message<Peer<'pingRequest'>, peer.PingRequest>({ nonce: count, target: required(handle) }),
    pingReport: message<Peer<'pingReport'>, peer.PingReport>({ nonce: count, target: id }),
    joinRequest: message<Message<'joinRequest'>, peer.JoinRequest>({ joiner: required(handle), attempt: small, row: small, hops: small }),
    joinRows: message<Message<'joinRows'>, peer.JoinRows>({ attempt: small, hops: small, row: small, rows: list(row, ROWS_MAX), neighborhood: required(row) }),
    joinAccept: message<Message<'joinAccept'>, peer.JoinAccept>({ attempt: small, leaves: handles, failureRate: optional(real) }),
    joinBusy: message<Message<'joinBusy'>, peer.JoinBusy>({ attempt: small, retryAfterMs: real }),
    announce: message<Message<'announce'>, peer.Announce>({ row: rowOrNone, entries: required(row), roundTripMs: optional(real), at: required(place) }),
    leaving: message<Message<'leaving'>, peer.Leaving>({}),
    leafProbe: message<Message<'leafProbe'>, peer.LeafProbe>({ nonce: count, ready: flag, enters: flag, outline: required(outline), merging: flag, at: required(place) }),
    leafReply: message<Message<'leafReply'>, peer.LeafReply>({
      nonce: count,
      ready: flag,
      leaves: handles,
      wanted: heads,
      failed: list(failedLife),
      delivered: list(text),
      merging: flag,
      at: required(place),
    }),
    leafNews: message<Message<'leafNews'>, peer.LeafNews>({ leaves: handles, failed: list(failedLife) }),
    ringLookup: message<Message<'ringLookup'>, peer.RingLookup>({ seeker: required(handle), hops: small }),
    heartbeat: message<Message<'heartbeat'>, peer.Heartbeat>({
      sentAt: real,
      leaseMs: small,
      grants: optional(real),
      urgent: flag,
      failureRate: optional(real),
      digest: small,
      failed: list(failedLife),
      leaves: handles,
      running: list(message<RunningLease, peer.RunningLease>({ id, incarnation: count, forMs: small, own: flag })),
    }),
    leavesRequest: message<Message<'leavesRequest'>, peer.LeavesRequest>({ nonce: count }),
    leavesReply: message<Message<'leavesReply'>, peer.LeavesReply>({ nonce: count, leaves: handles, depth: small }),
    rowRequest: message<Message<'rowRequest'>, peer.RowRequest>({ nonce: count, row: small, columns: optional(small) }),
    rowReply: message<Message<'rowReply'>, peer.RowReply>({ nonce: count, row: small, entries: required(row) }),
  });
}
