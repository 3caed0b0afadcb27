import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { GroupDescriptor, Verified } from './descriptor.ts';
import type { Epoch, EpochRecord, RoundMark, Sequence } from './epoch.ts';
import type { Certificate } from './roster.ts';

type Descriptor = Verified<GroupDescriptor>;

/** Routed to the group's key; `join` is intercepted by every node on the way. */
export type RoutedMessage =
  /** Scribe's JOIN: `child` wants a parent. What it knows of the group helps a new owner of the key. */
  | {
      readonly type: 'join';
      readonly group: Id;
      readonly child: NodeHandle;
      /** The last round the child accepted; absent for one that is new to the group. */
      readonly accepted?: RoundMark;
      readonly record?: EpochRecord;
      readonly descriptor?: Descriptor;
      /** Above everything the child has seen of the group. */
      readonly next: Sequence;
    }
  /** A publisher's node asks the root to dial its data port. */
  | {
      readonly type: 'findRoot';
      readonly group: Id;
      readonly publisher: NodeHandle;
      readonly record?: EpochRecord;
      readonly descriptor?: Descriptor;
      readonly next: Sequence;
    }
  /** Creates or closes (by a descriptor that says so) a group at the owner of its key; answered by `opened`. */
  | { readonly type: 'open'; readonly descriptor: Descriptor; readonly asker: NodeHandle }
  /** A root that no longer owns the key tells the owner, so that one of two epochs gives way. */
  | { readonly type: 'announce'; readonly group: Id; readonly record: EpochRecord; readonly descriptor: Descriptor; readonly next: Sequence };

/** Why a node does not take a child. */
export type GraftRefusal = 'full' | 'detached' | 'closed' | 'unknown-group' | 'leaving';

/** Membership of the tree, node to node. */
export type TreeMessage =
  /** Asks for a place under the receiver. `voter`: the sender is a voter or was invited to become one. */
  | { readonly type: 'graft'; readonly group: Id; readonly accepted?: RoundMark; readonly voter: boolean }
  /** The place is granted. The child takes it once `mark` is newer than its own, and says so with `resume`. */
  | {
      readonly type: 'graftAck';
      readonly group: Id;
      readonly descriptor: Descriptor;
      readonly record: EpochRecord;
      readonly mark: RoundMark;
      readonly low: Sequence;
      readonly next: Sequence;
      readonly committed: Sequence;
      /** Where the last message begins, when that is a large one. */
      readonly whole?: Sequence;
      readonly backups: readonly NodeHandle[];
    }
  /** No place here; `redirect` names children that may have one. */
  | { readonly type: 'graftRefused'; readonly group: Id; readonly reason: GraftRefusal; readonly redirect: readonly NodeHandle[] }
  /** The sender is no longer a child of the receiver. */
  | { readonly type: 'leave'; readonly group: Id }
  /** Certificates of the sender and of those below it, new since `base`; with them the parent is at `version` of its roster. */
  | { readonly type: 'certify'; readonly group: Id; readonly base: number; readonly version: number; readonly certificates: readonly Certificate[] }
  /** The sender has the receiver's roster up to `version`. */
  | { readonly type: 'certified'; readonly group: Id; readonly version: number }
  /** The receiver's parent wants it to move to one of these siblings, the nearest first; it stays a child until it has. */
  | { readonly type: 'moveDown'; readonly group: Id; readonly redirect: readonly NodeHandle[] }
  /** Looks for somebody who has a place for `child` in a stripe, through the main tree (`group`): where it was, and has still to go. */
  | {
      readonly type: 'findPlace';
      readonly group: Id;
      readonly stripe: Id;
      readonly child: NodeHandle;
      /** The last round the child accepted in the stripe. */
      readonly accepted?: RoundMark;
      readonly visited: readonly Id[];
      readonly ahead: readonly NodeHandle[];
    }
  /** The receiver is not (or no longer) a child of the sender, who names where to go instead. */
  | { readonly type: 'notChild'; readonly group: Id; readonly redirect: readonly NodeHandle[] };

/** What the readers at and below a node have, exclusive ends. */
export interface Cover {
  /** The roster that it is of. */
  readonly version: number;
  /** The farthest behind, those first. */
  readonly worst: readonly { readonly member: Id; readonly next: Sequence }[];
  /** All others have everything below this; Infinity when there are none. */
  readonly rest: Sequence;
}

/** What a parent tells of one group. `sent` is the sequence after the last one it sent to this child. */
export interface DownBeat {
  readonly group: Id;
  readonly mark: RoundMark;
  readonly low: Sequence;
  readonly committed: Sequence;
  readonly sent: Sequence;
  /** Other parents to try, best first; present when they changed. At most `BACKUPS_MAX`. */
  readonly backups?: readonly NodeHandle[];
}

/** What a child tells of one group. */
export interface UpBeat {
  readonly group: Id;
  readonly flow: number;
  /** Cumulative bytes the parent may have sent in this flow. */
  readonly creditBytes: number;
  readonly next: Sequence;
  /** The epoch `next` was counted in: for voters an acknowledgement that everything below is kept. */
  readonly epoch: Epoch;
  readonly cover?: Cover;
  /** Children more that the child would take: whom its parent, when full, sends others to. */
  readonly placesLeft: number;
  /** In the main tree of a striped group: the child, or somebody below it, would take children more in the stripes. */
  readonly spare?: boolean;
}

/** Flow, liveness and history, node to node. All may be lost and repeated. */
export type FlowMessage =
  /** One per peer and 500 ms of silence, for all groups that the two share; at most `BEAT_GROUPS_MAX` each way. */
  | { readonly type: 'beat'; readonly down: readonly DownBeat[]; readonly up: readonly UpBeat[] }
  /** The child took its place, its link is up, and it wants everything from `next`; a higher `flow` replaces a lower one. */
  | { readonly type: 'resume'; readonly group: Id; readonly flow: number; readonly next: Sequence; readonly creditBytes: number }
  /** The child can take more. */
  | { readonly type: 'credit'; readonly group: Id; readonly flow: number; readonly creditBytes: number }
  /** Sends frames of [from, to) over the link that the asker dialled, at most about `bytesMax`; a gap for what is gone. */
  | { readonly type: 'fetch'; readonly group: Id; readonly from: Sequence; readonly to: Sequence; readonly bytesMax: number }
  /** A counted reader below is a window behind: passed up to the root, said again while it lasts. */
  | { readonly type: 'hold'; readonly group: Id }
  /** Asks up the tree for the first sequence numbered at wall time `stampMs` or later; answered to `asker` by the first that knows. */
  | { readonly type: 'locate'; readonly group: Id; readonly stampMs: number; readonly asker: NodeHandle; readonly hops: number }
  | { readonly type: 'located'; readonly group: Id; readonly stampMs: number; readonly sequence: Sequence }
  /** Asks the receiver to see whether `target` lives, for the sender. */
  | { readonly type: 'probe'; readonly target: NodeHandle }
  /** Asks for a `pong` to `asker`. */
  | { readonly type: 'ping'; readonly asker: NodeHandle }
  | { readonly type: 'pong' }
  /** The sender leaves the ring: it takes no duties, and those it has are to be taken. Said again until it has gone. */
  | { readonly type: 'departing' };

/** Who numbers the group: one Paxos decision per record, taken by the voters of the record before it. */
export type EpochMessage =
  /** A new owner of the key asks its leaves whether the group exists. */
  | { readonly type: 'inquire'; readonly group: Id }
  /** The answer. `opener`: another node asked within the last seconds and may be opening the group. */
  | {
      readonly type: 'known';
      readonly group: Id;
      readonly record?: EpochRecord;
      readonly descriptor?: Descriptor;
      readonly opener?: Id;
      readonly next: Sequence;
    }
  /** "Accept nothing older than `ballot`": to the voters of `record`, the newest one the sender knows. */
  | { readonly type: 'prepare'; readonly group: Id; readonly ballot: Epoch; readonly record: EpochRecord; readonly descriptor: Descriptor }
  /** Given by a voter of `record`: everything in [low, next) is kept and follows its lineage. */
  | {
      readonly type: 'promise';
      readonly group: Id;
      readonly ballot: Epoch;
      readonly low: Sequence;
      readonly next: Sequence;
      readonly committed: Sequence;
      /** The successor of the record that this voter accepted last, if any. */
      readonly accepted?: { readonly ballot: Epoch; readonly record: EpochRecord };
    }
  /** No promise: a newer record exists, a higher ballot was promised, or this life of the node is no voter (`restarted`). */
  | {
      readonly type: 'refuse';
      readonly group: Id;
      readonly ballot: Epoch;
      readonly restarted: boolean;
      readonly promised?: Epoch;
      readonly record?: EpochRecord;
      readonly next: Sequence;
    }
  /** "Fetch from me what you lack below `record.firstSequence`": to the voters that the proposed record names. */
  | { readonly type: 'catchUp'; readonly group: Id; readonly ballot: Epoch; readonly record: EpochRecord; readonly descriptor: Descriptor }
  | { readonly type: 'caughtUp'; readonly group: Id; readonly ballot: Epoch; readonly next: Sequence }
  /** "Let `proposal` follow your record": to the voters of the record before it. */
  | { readonly type: 'accept'; readonly group: Id; readonly ballot: Epoch; readonly after: Epoch; readonly proposal: EpochRecord }
  | { readonly type: 'accepted'; readonly group: Id; readonly ballot: Epoch }
  /** The record was decided. */
  | { readonly type: 'record'; readonly group: Id; readonly record: EpochRecord; readonly descriptor: Descriptor }
  /** Asks a node to join under the sender (the root), to become a voter, or the next root. */
  | {
      readonly type: 'invite';
      readonly group: Id;
      readonly duty: 'voter' | 'root';
      readonly record: EpochRecord;
      readonly descriptor: Descriptor;
    }
  /** Everything below `next` is kept, in this epoch. */
  | { readonly type: 'voterAck'; readonly group: Id; readonly epoch: Epoch; readonly next: Sequence };

/** Why a batch or a publisher is not served now. */
export type PublishRefusal = 'NO_QUORUM' | 'UNKNOWN_GROUP' | 'GROUP_CLOSED' | 'RECEIPT_UNKNOWN' | 'COUNTER_GAP' | 'TOO_MANY_SESSIONS' | 'MESSAGE_ABORTED';

/** One receipt: `count` messages from `counter` on carry the sequences from `firstSequence` on. */
export interface Receipt {
  readonly counter: number;
  readonly count: number;
  readonly firstSequence: Sequence;
}

/** Between a publisher's node and the root. */
export type PublishMessage =
  /** Answers `findRoot` and `open`, and tells publishers about a change. */
  | { readonly type: 'rootIs'; readonly group: Id; readonly record: EpochRecord; readonly descriptor: Descriptor }
  | { readonly type: 'opened'; readonly group: Id; readonly record: EpochRecord; readonly descriptor: Descriptor }
  | { readonly type: 'noSuchGroup'; readonly group: Id }
  /** The root can take cumulative `creditBytes` of this publisher node's batches in `flow`; the first grant starts the flow. */
  | { readonly type: 'publishGrant'; readonly group: Id; readonly epoch: Epoch; readonly flow: number; readonly creditBytes: number }
  /** A reader is waited for: the receiver sends no batches for `holdMs`, unless it hears this again. */
  | { readonly type: 'publishHold'; readonly group: Id }
  /** `expected`: the counter the root will number next. Receipts are repeated on `receiptAsk`. At most `RECEIPTS_MAX`. */
  | {
      readonly type: 'receipts';
      readonly group: Id;
      readonly epoch: Epoch;
      readonly client: string;
      readonly session: string;
      readonly expected: number;
      readonly receipts: readonly Receipt[];
    }
  | { readonly type: 'receiptAsk'; readonly group: Id; readonly client: string; readonly session: string; readonly from: number }
  | {
      readonly type: 'publishRefused';
      readonly group: Id;
      readonly client: string;
      readonly session: string;
      readonly counter: number;
      readonly reason: PublishRefusal;
    };

/** Why nobody took an anycast. */
export type AnycastRefusal =
  /** Every member that was asked passed. */
  | 'NOBODY'
  /** As many nodes were visited as the asker allows. */
  | 'VISITS'
  | 'UNKNOWN_GROUP';

/** A search for one member that takes what is sent. */
export type AnycastMessage =
  /** On its way through the tree: where it was, this node included, and where it still has to go, next first. */
  | {
      readonly type: 'anycast';
      readonly group: Id;
      /** Unique in the asker's life. */
      readonly query: number;
      readonly origin: NodeHandle;
      readonly payload: unknown;
      readonly bytes: number;
      readonly visitsMax: number;
      readonly visited: readonly Id[];
      readonly ahead: readonly NodeHandle[];
    }
  /** To the asker: a member at `by` took it and says `reply`, or (`reason`) nobody did. */
  | {
      readonly type: 'anycastAnswer';
      readonly group: Id;
      readonly query: number;
      readonly by: NodeHandle;
      readonly visits: number;
      readonly reason?: AnycastRefusal;
      readonly reply: unknown;
      readonly bytes: number;
    };

/** Everything one multicast machine says to another over control links. */
export type MulticastMessage = RoutedMessage | TreeMessage | FlowMessage | EpochMessage | PublishMessage | AnycastMessage;

/** Backup parents a child is given. */
export const BACKUPS_MAX = 4;
/** Certificates in one message. */
export const CERTIFICATES_MAX = 128;
/** Members named in one `Cover`. */
export const COVER_WORST_MAX = 8;
/** Groups in one direction of one beat; more share turns. */
export const BEAT_GROUPS_MAX = 64;
/** Receipts in one message. */
export const RECEIPTS_MAX = 256;
