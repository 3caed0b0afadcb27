import type { Id } from '@banyan/ids';
import type { GroupDescriptor, Verified } from './descriptor.ts';
import type { Epoch, EpochRecord, Sequence } from './epoch.ts';

/** Messages of one publisher that travel together; opaque from the publisher's node to the subscriber. */
export interface Block {
  /** Who published, as the token named him. */
  readonly client: string;
  /** Drawn anew by each publisher that starts; counters are contiguous from 1 within it. */
  readonly session: string;
  /** Counter of the first message. */
  readonly counter: number;
  /** Messages in the payload, at least 1. */
  readonly count: number;
  /** W3C traceparent, carried and never read by the core. */
  readonly trace?: string;
  /** The shell's reference to the bytes; the machine never looks inside. */
  readonly payload: unknown;
  /** Length of the payload; of a block that only names the place of its payload `PLACE_BYTES`. */
  readonly bytes: number;
  /** In the main tree of a striped group: the payload is not here, but in a stripe. */
  readonly place?: PayloadPlace;
  /** In a stripe: whose payload this is. */
  readonly partOf?: PartOf;
  /** In the parity stripe: the payloads of which this one is the exclusive or; `partOf` names the first and how many there are. */
  readonly row?: readonly RowMember[];
  /** The payload is a part of one message that is larger than a frame; `count` is 1. */
  readonly fragment?: Fragment;
}

/**
 * A part of a large message. The parts are consecutive batches of one session, numbered one by one, so each is passed on, kept and
 * fetched again by itself; between them stand other sessions' messages. The message is whole with its last part.
 */
export interface Fragment {
  /** From 0. */
  readonly index: number;
  /** Parts of the message, 2 to `FRAGMENTS_MAX`. 0: the root gave up the message under way, and this block holds nothing. */
  readonly count: number;
}

/** Parts of one large message at most. */
export const FRAGMENTS_MAX = 1_024;

/** Where the payload of a block lies. */
export interface PayloadPlace {
  /** Index of the stripe. */
  readonly stripe: number;
  /** The sequence that the payload has in the stripe's own count. */
  readonly sequence: Sequence;
  /** Length of the payload. */
  readonly bytes: number;
}

/** Which batch of which session a payload in a stripe belongs to; the counters of the stripe's own block are others. */
export interface PartOf {
  readonly session: string;
  readonly counter: number;
  readonly count: number;
}

/** One payload of a row that shares a parity. */
export interface RowMember extends PayloadPlace {
  /** Of the batch whose payload it is. */
  readonly counter: number;
}

/** What a block that only names a place counts in windows and retention. */
export const PLACE_BYTES = 32;

/**
 * Numbered messages. The root makes it once; everybody passes the same object on, so that the shell can pass the same
 * buffer on. Rounds are not in it: a node that moves passes frames on and must not pass a newer round on.
 */
export interface StampedFrame {
  readonly type: 'stamped';
  readonly group: Id;
  readonly epoch: Epoch;
  readonly firstSequence: Sequence;
  /** Messages in all blocks together. */
  readonly count: number;
  /** Everything below was committed when the root made the frame. */
  readonly committed: Sequence;
  /** Wall time of the root, ms, growing by at least 1 per frame. */
  readonly stampMs: number;
  readonly blocks: readonly Block[];
  /** Payload bytes of all blocks together. */
  readonly bytes: number;
}

/** Why a range of sequences is not delivered. */
export type GapReason =
  /** Older than what the group retains. */
  | 'EXPIRED'
  /** Numbered on a branch that lost: other messages carry these sequences now. */
  | 'OTHER_EPOCH'
  /** Every voter lost its memory; what was there is not known. */
  | 'LOST_STATE'
  /** A best-effort group dropped it on the way. */
  | 'DROPPED';

/** `from` up to but not including `to` will not come. */
export interface GapFrame {
  readonly type: 'gap';
  readonly group: Id;
  readonly from: Sequence;
  readonly to: Sequence;
  readonly reason: GapReason;
}

/** A publisher's messages on their way to the root, over the link that the root dialled. */
export interface BatchFrame {
  readonly type: 'batch';
  readonly group: Id;
  /** The flow the root granted; batches of an older one are sent again in the newer, in order. */
  readonly flow: number;
  /** No batch of its session before it waits for a receipt: what the root does not know of those was receipted on a branch that was lost. */
  readonly isOldest: boolean;
  readonly block: Block;
}

/** What the root remembers of a publisher's receipts, handed to a new voter. */
export interface SessionMemory {
  readonly client: string;
  readonly session: string;
  /** Counter of the next new message. */
  readonly nextCounter: number;
  /** Newest last, at most `SNAPSHOT_RECEIPTS_MAX`. */
  readonly receipts: readonly { readonly counter: number; readonly count: number; readonly firstSequence: Sequence }[];
  /** The newest of them is for this part of a large message, and others are to follow. */
  readonly open?: Fragment;
}

/** What travels on data links, in order. Everything but `batch` flows from parent to child. */
export type MulticastFrame =
  | StampedFrame
  | GapFrame
  | BatchFrame
  /** Answers `resume`: from here on this is flow `flow`, starting with the frame that holds `from`. */
  | {
      readonly type: 'begin';
      readonly group: Id;
      readonly flow: number;
      readonly from: Sequence;
      readonly record: EpochRecord;
      readonly low: Sequence;
      readonly committed: Sequence;
    }
  /** The commit mark by itself, when no frame goes out to carry it. */
  | { readonly type: 'mark'; readonly group: Id; readonly epoch: Epoch; readonly low: Sequence; readonly committed: Sequence }
  /** What follows on this link belongs to this record. */
  | { readonly type: 'epoch'; readonly group: Id; readonly record: EpochRecord }
  /** Part of the root's memory of publishers, to a voter that is catching up; at most `SNAPSHOT_SESSIONS_MAX` a frame. */
  | { readonly type: 'sessions'; readonly group: Id; readonly sessions: readonly SessionMemory[] }
  /** The group was deleted; nothing follows. */
  | { readonly type: 'closed'; readonly group: Id; readonly descriptor: Verified<GroupDescriptor> };

/** Sessions in one `sessions` frame. */
export const SNAPSHOT_SESSIONS_MAX = 16;
/** Receipts of one session that a new voter is handed. */
export const SNAPSHOT_RECEIPTS_MAX = 64;
