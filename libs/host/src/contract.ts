import type { OverlayError, SpokenVersions } from '@banyan/grpc';
import type { PeerIdentity } from '@banyan/identity';
import type { Id } from '@banyan/ids';
import type { Coordinate, HopRecord, NodeHandle } from '@banyan/kbr';
import type { Coverage, Fragment, Epoch, GapReason, MulticastConfig, ParentAdvice, Remaining, SlowPolicy, SlowReader, Start } from '@banyan/multicast';
import type { ForwardDecision } from '@banyan/overlay';
import type { PastryConfig } from '@banyan/pastry';
import type { multicast } from '@banyan/proto';
import type { Json } from '@banyan/sansio';
import type { Logger, MetricsRegistry, Tracer } from '@banyan/telemetry';
import type { LatencyMap } from './emulation/latency-map.ts';

/** What an overlay host is made of. */
export interface OverlayHostOptions {
  /** Which versions of the peer protocol it speaks; those of this code when left out. For tests of rings of several releases. */
  readonly spoken?: SpokenVersions;
  /** Key and certificate of a node, and the authority it trusts, PEM (`Credentials` of identity fit). */
  readonly credentials: { readonly key: string; readonly certificate: string; readonly authority: string; readonly identity: { readonly id: Id } };
  /** Which life of the node: max(stored + 1, wall milliseconds). */
  readonly incarnation: number;
  /** `host:port` of the two peer listeners; port 0 takes any free one. */
  readonly listen: { readonly control: string; readonly data: string };
  /** What peers dial instead of the hosts in `listen`, when those are no addresses for them (0.0.0.0). */
  readonly advertise?: { readonly controlHost?: string; readonly dataHost?: string };
  readonly region?: string;
  readonly zone?: string;
  /** Children the node carries at once. */
  readonly capacity?: number;
  /** Times and bounds of multicast; those for one machine or site where left out. */
  readonly multicast?: Partial<MulticastConfig>;
  /** Data links without TLS, where nothing proves who a peer is: only to measure what TLS costs. */
  readonly unprotectedData?: boolean;
  /** Source of all chance in the machine; random when left out. */
  readonly seed?: number;
  /** Figures of routing; those for one machine or rack when left out. */
  readonly pastry?: PastryConfig;
  readonly tracer?: Tracer;
  readonly metrics?: MetricsRegistry;
  readonly logger?: Logger;
  /** Certificates ended before their time; asked at every handshake and descriptor. */
  readonly isRevoked?: (peer: PeerIdentity) => boolean;
  /** Links are as slow and as lossy as this map says (`BANYAN_EMULATE_LATENCY`); all nodes of a ring take the same one. */
  readonly emulate?: LatencyMap;
  /** A file that gets everything the machine is told, for `lab replay` (`BANYAN_RECORD`). */
  readonly recordFile?: string;
  /** The machine broke one of its own truths: it takes no more input, and the process should end. */
  readonly onFatal?: (error: Error) => void;
}

/** Options that every question to the overlay takes. */
export interface Ask {
  /** W3C traceparent of the caller's span; `currentTraceparent()` of grpc. */
  readonly trace?: string;
  /** The caller went away. */
  readonly signal?: AbortSignal;
  /** After so long the question has failed with ROUTE_TIMEOUT, ms. */
  readonly timeoutMs?: number;
}

/** Who owns a key. */
export interface LookupAnswer {
  readonly key: Id;
  readonly root: NodeHandle;
  /** The nodes closest to the key, the root first. */
  readonly replicas: readonly NodeHandle[];
  readonly hops: number;
  readonly elapsedMs: number;
}

/** The way to a key. */
export interface TraceAnswer {
  readonly key: Id;
  readonly root: NodeHandle;
  readonly hops: readonly HopRecord[];
  readonly elapsedMs: number;
  /** Smoothed round-trip time to the root over the direct link, when it was ever measured. */
  readonly directRoundTripMs?: number;
}

/** What an attached application is told. */
export type AttachmentEvent =
  | { readonly type: 'deliver'; readonly key: Id; readonly payload: Uint8Array; readonly origin: NodeHandle; readonly hops: number; readonly trace?: string }
  | { readonly type: 'leafSetChanged'; readonly gained: readonly NodeHandle[]; readonly lost: readonly NodeHandle[]; readonly merged: boolean }
  /** A message on its way waits for `answer`, 100 ms at most; it would go to `nextHop`, and may go to one of `otherHops`. */
  | {
      readonly type: 'forward';
      readonly forwardId: number;
      readonly key: Id;
      readonly payload: Uint8Array;
      readonly origin: NodeHandle;
      readonly hops: number;
      readonly nextHop: NodeHandle;
      readonly otherHops: readonly NodeHandle[];
    }
  /** An answer was not followed, FORWARD_GONE or HOP_REFUSED: the message went on as it was. */
  | { readonly type: 'forwardRefused'; readonly forwardId: number; readonly reason: 'FORWARD_GONE' | 'HOP_REFUSED' };

/** An application attached to this node; ends with the iteration. */
export interface Attachment extends Ongoing<AttachmentEvent> {
  /** What becomes of an offered message. Throws PAYLOAD_TOO_LARGE. */
  answer(forwardId: number, decision: ForwardDecision): void;
  /** Nothing more is offered; what waits goes on. */
  askNoForwards(): void;
}

/** The nodes closest to a key, as this node knows them. */
export interface ReplicaSet {
  /** Closest first, this node among them. */
  readonly replicas: readonly NodeHandle[];
  /** This node delivers what is routed to the key. */
  readonly isRoot: boolean;
}

/**
 * Something that goes on: read it with `for await`; leaving the loop (or `close`) ends it. What waits to be read is
 * bounded; who reads too slowly gets an `OverlayError` that says so.
 */
export interface Ongoing<Event> extends AsyncIterable<Event> {
  close(): void;
}

/** The neighbors, and what changed since they were told last. */
export interface Neighbors {
  readonly ready: boolean;
  /** The leaf set, nearest first. */
  readonly leaves: readonly NodeHandle[];
  readonly gained: readonly NodeHandle[];
  readonly lost: readonly NodeHandle[];
}

/** The machine's whole state. */
export interface HostState {
  readonly self: NodeHandle;
  readonly ready: boolean;
  readonly state: Json;
  /** 16 hex digits; equal states have equal digests. */
  readonly digest: string;
}

/** A publishing session on this node. */
export interface Publication {
  /** 32 hex digits. */
  readonly session: string;
  /**
   * Hands in a batch: messages that keep together, the first with `counter` (contiguous from 1; a retry repeats borders
   * and content). Resolves when the node has room for the next, so awaiting it holds the publisher back.
   * Throws BATCH_OUT_OF_ORDER, MESSAGE_TOO_LARGE, or what ended the session.
   */
  send(batch: { readonly counter: number; readonly messages: readonly Uint8Array[]; readonly trace?: string; /** The one message is this part of a larger one. */ readonly fragment?: Fragment }): Promise<void>;
  /** Receipts as they come, batch by batch; throws RECEIPT_UNKNOWN, GROUP_DELETED, … when the session cannot go on. */
  readonly receipts: Ongoing<PublicationReceipt>;
  /** Bytes handed in that have no receipt. */
  readonly unreceiptedBytes: number;
  /** The publisher is gone; what it handed in is still sent. */
  close(): void;
  /** The session cannot go on here. */
  fail(error: OverlayError): void;
}

/** The group's promise for a batch. */
export interface PublicationReceipt {
  readonly counter: number;
  readonly count: number;
  readonly firstSequence: number;
}

/** What a subscriber is told. */
export type SubscriptionEvent =
  /** The graft is acknowledged; first of all. */
  | { readonly type: 'subscribed'; readonly nextSequence: number; readonly descriptor: multicast.SignedGroupDescriptor }
  /**
   * So many messages in order, as they are in the retained frame: a view on an encoded `BlockPayload` (`decodePayload` of
   * wire), which is also what a `Messages` of the API holds. Read, do not change.
   */
  | { readonly type: 'messages'; readonly firstSequence: number; readonly count: number; readonly payload: Uint8Array; readonly stampMs: number; readonly trace?: string; readonly fragment?: PublishedFragment }
  /** `from` up to but not including `to` will not come. */
  | { readonly type: 'gap'; readonly from: number; readonly to: number; readonly reason: GapReason }
  /** An anycast that this subscriber may take: `answerAnycast` within a second. */
  | { readonly type: 'anycast'; readonly offer: number; readonly payload: Uint8Array; readonly origin: NodeHandle }
  /** The large message under way in one session was given up; this sequence tells it and holds nothing. */
  | { readonly type: 'aborted'; readonly sequence: number; readonly publisher: Uint8Array };

/** Who took what was offered to one member of a group. */
export interface AnycastAnswer {
  readonly by: NodeHandle;
  /** What the member says. */
  readonly reply: Uint8Array;
  /** Nodes that were visited, his included. */
  readonly visits: number;
}

/** Which part of whose large message. */
export interface PublishedFragment extends Fragment {
  /** 16 bytes, the same in all parts of one publishing session. */
  readonly publisher: Uint8Array;
}

/** A subscription that its node can send elsewhere. */
export interface MovableSubscription extends Ongoing<SubscriptionEvent> {
  /**
   * The node leaves: the iteration throws MOVED with the `sequence` to resume from, and nothing of what waits is given out any
   * more; STOPPING when the graft was not acknowledged yet.
   */
  move(): void;
}

/** A node's place in a group's tree, for `DescribePlace` and the reports to the tree builder. */
export interface GroupPlace {
  readonly group: Id;
  readonly name: string | undefined;
  /** `orphan`: it needs a parent and has none. */
  readonly role: 'root' | 'forwarder' | 'leaf' | 'orphan' | 'closed';
  readonly isVoter: boolean;
  readonly parent: NodeHandle | undefined;
  readonly children: readonly NodeHandle[];
  /** Local subscriptions. */
  readonly subscriptions: number;
  readonly epoch: Epoch | undefined;
  /** Oldest sequence retained. */
  readonly low: number;
  /** Everything below is committed. */
  readonly committed: number;
  /** Sequence after the last one held. */
  readonly next: number;
  /** Children that it would take, those it has included. */
  readonly fanOut: number;
  /** At the root: nodes whose users publish, or did lately. */
  readonly publishers: readonly NodeHandle[];
}

/** Multicast as the node's own users have it. Authorisation is done before. */
export interface Groups {
  /** The descriptor as signed, checked: throws DESCRIPTOR_INVALID unless a tree builder of this overlay signed it. */
  verify(signed: multicast.SignedGroupDescriptor): multicast.GroupDescriptor;
  /** Makes the group stand in the ring (or close, when the descriptor says deleted); throws ROUTE_TIMEOUT. */
  open(signed: multicast.SignedGroupDescriptor, ask?: Ask): Promise<void>;
  /** Opens a session. `session` (32 hex digits) resumes one; drawn when left out. Throws SESSION_TAKEN. */
  publish(options: { readonly group: Id; readonly client: string; readonly session?: string; readonly descriptor?: multicast.SignedGroupDescriptor }): Publication;
  /**
   * Joins the tree and reads the group, as `client`, who with `answers` is offered anycasts; `policy` says what becomes of a reader who is slow (by default
   * `drop-oldest`). The iteration throws GROUP_NOT_FOUND, GROUP_DELETED, NOT_READY, and SLOW with `sequence` to resume from.
   */
  subscribe(options: { readonly group: Id; readonly start: Start; readonly descriptor?: multicast.SignedGroupDescriptor; readonly windowBytes?: number; readonly policy?: SlowPolicy; readonly client?: string; readonly answers?: boolean }): MovableSubscription;
  /** Offers a payload to one member, a near one. Throws NOBODY_ACCEPTED, PAYLOAD_TOO_LARGE, ROUTE_TIMEOUT. */
  anycast(offer: { readonly group: Id; readonly payload: Uint8Array; readonly visitsMax?: number }, ask?: Ask): Promise<AnycastAnswer>;
  /** Takes an offer with a reply, or passes (undefined); `client` is whose it must be. Throws OFFER_GONE. */
  answerAnycast(answer: { readonly group: Id; readonly offer: number; readonly client: string; readonly reply: Uint8Array | undefined }): void;
  /** This node's place in a group's tree; undefined when it has none. */
  place(group: Id): GroupPlace | undefined;
  /** Who of a group has what; undefined where this node is not the group's root. */
  coverage(group: Id): Coverage | undefined;
  /** Local readers and children in trees that take messages more slowly than they come. */
  slow(): readonly SlowReader[];
  /** All places of this node. */
  places(): readonly GroupPlace[];
  /** Passes on advice about a better parent; what becomes of it is counted. */
  advise(advice: ParentAdvice): void;
}

/** One node of the overlay, alive: the machine, its links, and the doors for its users. */
export interface Overlay {
  /** This node as peers know it, with real ports. */
  readonly self: NodeHandle;
  /** True when it delivers keys. */
  readonly isReady: boolean;
  /** True when it knows no neighbor: the only node of its ring, as far as it can tell. */
  readonly isAlone: boolean;
  readonly groups: Groups;
  /** Where this node lies, by what it measured. */
  readonly coordinate: Coordinate;
  /** Smoothed round-trip time to a peer, ms; undefined before it was measured. */
  roundTripMs(peer: Id): number | undefined;
  /** Asks whoever listens at a control address who he is: turns a configured seed into a handle. Throws UNREACHABLE. */
  discover(controlAddress: string): Promise<NodeHandle>;
  /**
   * Joins through the nearest of `seeds`; none starts a new ring. Answers at once; see `whenReady`.
   * To a ring member it names nodes that may be of another ring: the member looks whether they are, and the rings become one.
   */
  start(seeds: readonly NodeHandle[]): void;
  /** Resolves when the node delivers keys. */
  whenReady(signal?: AbortSignal): Promise<void>;
  /** Told at every change between ready and not; returns what ends the telling. */
  onReadyChanged(tell: (ready: boolean) => void): () => void;
  lookup(key: Id, ask?: Ask & { readonly replicas?: number }): Promise<LookupAnswer>;
  /** Explains the route to a key; nothing is delivered to any application. */
  trace(key: Id, ask?: Ask): Promise<TraceAnswer>;
  /** Routes a payload to the application of that name at the root. Throws NO_APPLICATION, ROUTE_TIMEOUT, PAYLOAD_TOO_LARGE. */
  route(message: { readonly key: Id; readonly application: string; readonly payload: Uint8Array }, ask?: Ask): Promise<TraceAnswer>;
  /**
   * Attaches an application under a name; throws APPLICATION_TAKEN, NAME_INVALID, PREFIX_INVALID. It is offered messages of
   * its name that pass through to keys with one of `forwardPrefixes` (hex digits); by default none.
   */
  attach(application: string, forwardPrefixes?: readonly string[]): Attachment;
  /** The nodes closest to a key, at most `max`, without asking any. Throws NOT_READY. */
  replicaSet(key: Id, max: number): ReplicaSet;
  /** The neighbors now, and again after every change. */
  watchNeighbors(): Ongoing<Neighbors>;
  state(): HostState;
  /** How busy the node is, from 0 to 1: its share of an event loop turned over to work. */
  load(): number;
  /** Shows another certificate from the next handshake on. */
  renewCredentials(credentials: OverlayHostOptions['credentials']): void;
  /** Closes the links of members that were revoked; `isRevoked` keeps them out. */
  expel(ids: Iterable<Id>): void;
  /** Takes no new duties, and begins to hand over those it has; whatever remains after `withinMs` is left behind. */
  beginLeave(withinMs: number): void;
  /** What it still has to be rid of before it can leave. */
  remaining(): Remaining;
  /** True when it holds all that is committed of every group that it votes in. */
  readonly holdsVotes: boolean;
  /** Leaves the ring once everything is handed over, or after `graceMs`; it then delivers no key, and its links still stand. */
  leaveRing(graceMs: number): Promise<void>;
  /** Links to peers that are open. */
  readonly openLinks: number;
  /** Hands over its duties and leaves the ring, within `graceMs`; then stops. */
  leave(graceMs?: number): Promise<void>;
  /** Stops without a word to the ring. */
  stop(): Promise<void>;
}
