// One sample of every message and frame, for the specs of this room.
import { createHash } from 'node:crypto';
import { id, idToBytes, type Id } from '@banyan/ids';
import type { Envelope, NodeHandle } from '@banyan/kbr';
import { PLACE_BYTES, stripeDescriptor, type EpochRecord, type GroupDescriptor, type MulticastFrame, type MulticastMessage, type RoundMark, type Verified } from '@banyan/multicast';
import type { Located, PastryMessage } from '@banyan/pastry';
import { multicast } from '@banyan/proto';

const named = (name: string): Id => createHash('sha256').update(name).digest('hex').slice(0, 32) as Id;

const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

export const node = (name: string): NodeHandle => ({
  id: named(name),
  incarnation: 1_790_000_000_123,
  controlAddress: `127.0.0.1:${4000 + name.length}`,
  dataAddress: `127.0.0.1:${5000 + name.length}`,
  region: 'eu',
  zone: 'a',
  capacity: 8,
});
const a = node('a');
const b = node('bb');
export const group = id('00112233445566778899aabbccddeeff');

const plain = multicast.GroupDescriptor.encode(multicast.GroupDescriptor.fromPartial({
  name: 'demo/news', owner: 'demo', key: idToBytes(group), delivery: 3, retentionBytes: 1024n, retentionMs: 5n, fanOutMax: 4,
  publishers: ['*'], subscribers: ['bob'], createdAtMs: 1n, version: 7n, deleted: false, backpressure: { bytes: 4096n, maxWaitMs: 2000n }, stripes: 4,
})).finish();
const signed = { descriptor: plain, signature: counting(64), certificate: counting(9) };
export const descriptor = {
  group, name: 'demo/news', owner: 'demo', version: 7, delivery: 'reliable', retentionBytes: 1024, retentionMs: 5, fanOutMax: 4,
  backpressure: { bytes: 4096, maxWaitMs: 2000 }, publishRules: ['*'], subscribeRules: ['bob'], closed: false, stripes: 4, signature: signed,
} satisfies GroupDescriptor as unknown as Verified<GroupDescriptor>;

const epoch = { counter: 3, root: a.id, incarnation: a.incarnation };
const record: EpochRecord = { epoch, root: a, voters: [a, b], firstSequence: 17, lineage: [{ epoch: { ...epoch, counter: 2 }, firstSequence: 1 }] };
const mark: RoundMark = { epoch, round: 44 };

export const envelope = (app: string, body: unknown): Envelope =>
  ({ app, key: named('key'), body, origin: a, counter: 9, hops: 2, trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });

export const multicastMessages: readonly MulticastMessage[] = [
  { type: 'join', group, child: a, accepted: mark, record, descriptor, next: 5 },
  { type: 'join', group, child: a, next: 0 },
  { type: 'findRoot', group, publisher: b, next: 1 },
  { type: 'open', descriptor, asker: a },
  { type: 'announce', group, record, descriptor, next: 4 },
  { type: 'announce', group: stripeDescriptor(descriptor, 3).group, record, descriptor: stripeDescriptor(descriptor, 3), next: 4 },
  { type: 'graft', group, accepted: mark, voter: true },
  { type: 'graftAck', group, descriptor, record, mark, low: 1, next: 9, committed: 8, backups: [b] },
  { type: 'graftRefused', group, reason: 'unknown-group', redirect: [a, b] },
  { type: 'leave', group },
  { type: 'notChild', group, redirect: [] },
  {
    type: 'beat',
    down: [{ group, mark, low: 1, committed: 2, sent: 3, backups: [] }, { group, mark, low: 1, committed: 2, sent: 3 }],
    up: [{ group, flow: 1, creditBytes: 2 ** 40, next: 6, epoch, placesLeft: 3, spare: true }, { group, flow: 1, creditBytes: 5, next: 6, epoch, placesLeft: 0, cover: { version: 3, worst: [{ member: a.id, next: 4 }], rest: Infinity } }],
  },
  { type: 'resume', group, flow: 2, next: 3, creditBytes: 4 },
  { type: 'credit', group, flow: 2, creditBytes: 5 },
  { type: 'fetch', group, from: 1, to: 9, bytesMax: 100 },
  { type: 'locate', group, stampMs: 1_790_000_000_123, asker: b, hops: 2 },
  { type: 'located', group, stampMs: 1_790_000_000_123, sequence: 17 },
  { type: 'certify', group, base: 2, version: 5, certificates: [{ member: a.id, incarnation: 3, moves: 2, parent: b.id, state: 'suspected', reads: true }] },
  { type: 'certified', group, version: 5 },
  { type: 'hold', group },
  { type: 'moveDown', group, redirect: [b] },
  { type: 'publishHold', group },
  { type: 'anycast', group, query: 7, origin: a, payload: Uint8Array.from([1, 2, 3]), bytes: 3, visitsMax: 64, visited: [b.id], ahead: [b, a] },
  { type: 'anycastAnswer', group, query: 7, by: b, visits: 3, reply: Uint8Array.from([9]), bytes: 1 },
  { type: 'anycastAnswer', group, query: 7, by: b, visits: 12, reason: 'NOBODY', reply: new Uint8Array(0), bytes: 0 },
  { type: 'findPlace', group, stripe: b.id, child: a, accepted: { epoch, round: 4 }, visited: [b.id], ahead: [b] },
  { type: 'probe', target: a },
  { type: 'ping', asker: b },
  { type: 'pong' },
  { type: 'departing' },
  { type: 'inquire', group },
  { type: 'known', group, record, descriptor, opener: b.id, next: 3 },
  { type: 'known', group, next: 0 },
  { type: 'prepare', group, ballot: epoch, record, descriptor },
  { type: 'promise', group, ballot: epoch, low: 1, next: 2, committed: 2, accepted: { ballot: epoch, record } },
  { type: 'refuse', group, ballot: epoch, restarted: true, promised: epoch, record, next: 3 },
  { type: 'catchUp', group, ballot: epoch, record, descriptor },
  { type: 'caughtUp', group, ballot: epoch, next: 3 },
  { type: 'accept', group, ballot: epoch, after: epoch, proposal: record },
  { type: 'accepted', group, ballot: epoch },
  { type: 'record', group, record, descriptor },
  { type: 'invite', group, duty: 'root', record, descriptor },
  { type: 'voterAck', group, epoch, next: 12 },
  { type: 'rootIs', group, record, descriptor },
  { type: 'opened', group, record, descriptor },
  { type: 'noSuchGroup', group },
  { type: 'publishGrant', group, epoch, flow: 1, creditBytes: 1_000 },
  { type: 'receipts', group, epoch, client: 'alice', session: 'ab', expected: 7, receipts: [{ counter: 1, count: 6, firstSequence: 17 }] },
  { type: 'receiptAsk', group, client: 'alice', session: 'ab', from: 1 },
  { type: 'publishRefused', group, client: 'alice', session: 'ab', counter: 1, reason: 'NO_QUORUM' },
];

const at = { x: -1234, y: 70_000, height: 12, error: 90 };
const located = (...nodes: readonly NodeHandle[]): Located => ({ nodes, places: nodes.map(() => at) });

export const pastryMessages: readonly PastryMessage[] = [
  { type: 'envelope', hopId: 12, envelope: envelope('attached', { type: 'message', requestId: 3, application: 'echo', payload: Uint8Array.from([1, 2, 3]) }) },
  { type: 'envelope', hopId: 13, envelope: { ...envelope('lookup', { type: 'find', requestId: 4, replicas: 3, dryRun: true }), record: [{ at: a.id, to: b.id, rule: 'routing-table', row: 0, column: 11, roundTripMs: 1.5, waitMs: 0 }] } },
  { type: 'envelope', hopId: 14, envelope: envelope('multicast', multicastMessages[0]) },
  { type: 'envelope', hopId: 15, envelope: { ...envelope('lookup', { type: 'find', requestId: 5, replicas: 3, dryRun: false }), seek: { replicas: 5, from: at } } },
  { type: 'hopAck', hopId: 12 },
  { type: 'ping', nonce: 1, at },
  { type: 'pong', nonce: 1, ready: true, at, wants: true },
  { type: 'distance', roundTripMs: 12.5 },
  { type: 'pingRequest', nonce: 1, target: b },
  { type: 'pingReport', nonce: 1, target: b.id },
  { type: 'joinRequest', joiner: a, attempt: 1, row: 2, hops: 3 },
  { type: 'joinRows', attempt: 1, hops: 2, row: 0, rows: [located(a), located(), located(b, a)], neighborhood: located(b) },
  { type: 'joinAccept', attempt: 1, leaves: [a, b], failureRate: 0.25 },
  { type: 'joinBusy', attempt: 1, retryAfterMs: 1500 },
  { type: 'announce', row: -1, entries: located(), roundTripMs: 2.25, at },
  { type: 'announce', row: 0, entries: located(a), at },
  { type: 'leaving' },
  { type: 'leafProbe', nonce: 5, ready: false, enters: true, outline: { heads: [0, 2 ** 48 - 1, 0x0102_0304_0506], above: 2, roomAbove: 14, roomBelow: 15 }, merging: true, at },
  { type: 'leafReply', nonce: 5, ready: true, leaves: [a], wanted: [7], failed: [{ id: b.id, incarnation: 3 }], delivered: [`${a.id}:1:7`], merging: false, at },
  { type: 'leafReply', nonce: 6, ready: true, leaves: [], wanted: [], failed: [], delivered: [], merging: false, at },
  { type: 'leafNews', leaves: [b], failed: [{ id: b.id, incarnation: 3 }] },
  { type: 'ringLookup', seeker: b, hops: 2 },
  { type: 'heartbeat', sentAt: 1234.5, leaseMs: 30_000, grants: 99, urgent: true, failureRate: 0.25, digest: 4_000_000_000, failed: [{ id: b.id, incarnation: 3 }], leaves: [a], running: [{ id: b.id, incarnation: 3, forMs: 12_345, own: true }] },
  { type: 'heartbeat', sentAt: 1, leaseMs: 30_000, urgent: false, digest: 0, failed: [], leaves: [], running: [] },
  { type: 'leavesRequest', nonce: 3 },
  { type: 'leavesReply', nonce: 3, leaves: [a, b], depth: 2 },
  { type: 'rowRequest', nonce: 3, row: 1 },
  { type: 'rowRequest', nonce: 4, row: 0, columns: 0xffff },
  { type: 'rowReply', nonce: 3, row: 1, entries: located(b) },
];

const payload = counting(100);
const block = { client: 'alice', session: 'ab12', counter: 5, count: 2, trace: '00-1', payload, bytes: payload.length };

export const frames: readonly MulticastFrame[] = [
  { type: 'stamped', group, epoch, firstSequence: 17, count: 4, committed: 16, stampMs: 1_790_000_000_000, blocks: [block, block], bytes: 200 },
  { type: 'gap', group, from: 1, to: 9, reason: 'EXPIRED' },
  { type: 'batch', group, flow: 3, isOldest: false, block },
  { type: 'batch', group, flow: 3, isOldest: false, block: { client: 'alice', session: 'ab12', counter: 5, count: 2, payload: new Uint8Array(0), bytes: PLACE_BYTES, place: { stripe: 0, sequence: 2 ** 40, bytes: 70_000 } } },
  { type: 'batch', group, flow: 3, isOldest: true, block: { ...block, session: 'of the stripe', partOf: { session: 'ab12', counter: 5, count: 2 } } },
  { type: 'batch', group, flow: 3, isOldest: false, block: { ...block, count: 1, fragment: { index: 3, count: 128 } } },
  { type: 'stamped', group, epoch, firstSequence: 17, count: 1, committed: 16, stampMs: 1_790_000_000_000, blocks: [{ client: 'alice', session: 'ab12', counter: 5, count: 1, payload: new Uint8Array(0), bytes: 0, fragment: { index: 0, count: 0 } }], bytes: 0 },
  { type: 'batch', group, flow: 3, isOldest: true, block: { ...block, count: 1, session: 'of the stripe', partOf: { session: 'ab12', counter: 5, count: 2 }, row: [{ stripe: 0, sequence: 9, bytes: 100, counter: 5 }, { stripe: 2, sequence: 11, bytes: 70, counter: 7 }] } },
  { type: 'begin', group, flow: 1, from: 17, record, low: 1, committed: 17 },
  { type: 'mark', group, epoch, low: 1, committed: 18 },
  { type: 'epoch', group, record },
  { type: 'sessions', group, sessions: [{ client: 'alice', session: 'ab', nextCounter: 9, receipts: [{ counter: 1, count: 8, firstSequence: 17 }] }, { client: 'bob', session: 'cd', nextCounter: 2, receipts: [{ counter: 1, count: 1, firstSequence: 30 }], open: { index: 0, count: 3 } }] },
  { type: 'closed', group, descriptor },
];
