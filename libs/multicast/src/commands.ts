import type { Id } from '@banyan/ids';
import type { NodeHandle } from '@banyan/kbr';
import type { Millis } from '@banyan/sansio';
import type { AdviceOutcome, ParentAdvice } from './advice.ts';
import type { GroupDescriptor, Verified } from './descriptor.ts';
import type { EpochRecord, Sequence } from './epoch.ts';
import type { Fragment, GapReason, PartOf, PayloadPlace, RowMember, StampedFrame } from './frames.ts';
import type { AnycastRefusal, PublishRefusal } from './messages.ts';

/** Chosen by the shell, unique in the node's life. */
export type SubscriptionId = number;

/**
 * Where a subscriber starts; turned into one sequence when its node is grafted.
 * `latest`: what is published after the subscription is acknowledged; `last`: the newest `count` messages, then on.
 */
export type Start =
  | { readonly type: 'latest' }
  | { readonly type: 'first' }
  | { readonly type: 'sequence'; readonly sequence: Sequence }
  /** What the root numbered at this wall time (ms since 1970) or later; the oldest kept when all is younger. */
  | { readonly type: 'time'; readonly stampMs: number }
  | { readonly type: 'last'; readonly count: number };

/**
 * What becomes of a subscriber who reads too slowly. `drop-oldest`: what grows too old for the group's retention is told as a
 * gap. `detach`: he is detached once he was a window behind for as long as the group waits, and may resume. `block`: he counts
 * in the group's window, so publishers are held meanwhile.
 */
export type SlowPolicy = 'drop-oldest' | 'detach' | 'block';

/** What the node's own users ask. A descriptor, where it may be given, lets the owner of the key open an unknown group. */
export type MulticastCommand =
  /** Makes the group exist (or, by a descriptor with `closed`, end). Answered by `opened` or `openFailed`. */
  | { readonly type: 'open'; readonly descriptor: Verified<GroupDescriptor> }
  | {
      readonly type: 'subscribe';
      readonly subscription: SubscriptionId;
      readonly group: Id;
      readonly start: Start;
      /** Payload bytes that may be delivered and not yet `consumed`. */
      readonly windowBytes: number;
      /** By default `drop-oldest`. */
      readonly policy?: SlowPolicy;
      /** Offered the anycasts of the group, as `anycastOffer`. */
      readonly answers?: boolean;
      /** Who reads, for those who look for slow readers; one who was detached often does not count for a while. */
      readonly client?: string;
      readonly descriptor?: Verified<GroupDescriptor>;
    }
  | { readonly type: 'unsubscribe'; readonly subscription: SubscriptionId }
  /** The reader took `bytes` (as `frame.bytes` counted them). */
  | { readonly type: 'consumed'; readonly subscription: SubscriptionId; readonly bytes: number }
  /**
   * One batch of a publisher. `counter` must be the one after the last accepted, from 1; a batch given twice (a retry
   * with the same borders) is receipted with its first sequence. Not taken when answered by `publishBlocked`.
   */
  | {
      readonly type: 'publish';
      readonly group: Id;
      readonly client: string;
      readonly session: string;
      readonly counter: number;
      readonly count: number;
      readonly payload: unknown;
      readonly bytes: number;
      readonly trace?: string;
      readonly descriptor?: Verified<GroupDescriptor>;
      /** Given by the stripes of this node, not by its users. */
      readonly place?: PayloadPlace;
      readonly partOf?: PartOf;
      readonly row?: readonly RowMember[];
      /** The payload is this part of a large message; the parts follow each other, and `count` is 1. */
      readonly fragment?: Fragment;
    }
  /** The publisher is gone: what it has no receipt for is still sent for a while, then forgotten. */
  | { readonly type: 'publishEnd'; readonly group: Id; readonly client: string; readonly session: string }
  /** Looks for one member that takes the payload, a near one. Answered by `anycastEnded`. */
  | {
      readonly type: 'anycast';
      /** Chosen by the shell, unique in the node's life. */
      readonly query: number;
      readonly group: Id;
      readonly payload: unknown;
      readonly bytes: number;
      /** Nodes that may be visited; by default, and at most, 64. */
      readonly visitsMax?: number;
    }
  /** What a member says to an offer; `reply` goes to the asker. Too late: nothing happens, the next one was asked. */
  | { readonly type: 'answerAnycast'; readonly offer: number; readonly accepted: boolean; readonly reply: unknown; readonly bytes: number }
  /** One who sees the tree knows a better parent. Answered by `advised`. */
  | { readonly type: 'advise'; readonly advice: ParentAdvice }
  /** The node is leaving: hands over its root duties, lets its children move; answered by `left`, after `withinMs` (8 s) at the latest. */
  | { readonly type: 'leave'; readonly withinMs?: Millis };

/** Why a subscription did not start. */
export type SubscribeFailure = 'UNKNOWN_GROUP' | 'GROUP_CLOSED' | 'NO_ROOT' | 'TOO_MANY';

/** What the node's own users are told. */
export type MulticastEvent =
  | { readonly type: 'opened'; readonly group: Id; readonly record: EpochRecord; readonly descriptor: Verified<GroupDescriptor> }
  | { readonly type: 'openFailed'; readonly group: Id; readonly reason: 'NO_ROOT' | 'TOO_MANY' }
  /** The graft is acknowledged: nothing published from now on is missed. `firstSequence` is where this one starts. */
  | {
      readonly type: 'subscribed';
      readonly subscription: SubscriptionId;
      readonly group: Id;
      readonly descriptor: Verified<GroupDescriptor>;
      readonly firstSequence: Sequence;
    }
  | { readonly type: 'subscribeFailed'; readonly subscription: SubscriptionId; readonly group: Id; readonly reason: SubscribeFailure }
  /** Messages in order; those below `from` are not the subscriber's (it started inside the frame). */
  | { readonly type: 'messages'; readonly subscription: SubscriptionId; readonly frame: StampedFrame; readonly from: Sequence }
  /** [from, to) will not come. After `OTHER_EPOCH` the sequences from `from` on come anew, as other messages. */
  | {
      readonly type: 'gap';
      readonly subscription: SubscriptionId;
      readonly group: Id;
      readonly from: Sequence;
      readonly to: Sequence;
      readonly reason: GapReason;
    }
  /** The reader was too slow; nothing follows. What he was not given begins at `sequence`. */
  | { readonly type: 'detached'; readonly subscription: SubscriptionId; readonly group: Id; readonly sequence: Sequence }
  /** The group ended; nothing follows. */
  | { readonly type: 'ended'; readonly subscription: SubscriptionId; readonly group: Id; readonly reason: 'GROUP_CLOSED' }
  | {
      readonly type: 'receipt';
      readonly group: Id;
      readonly client: string;
      readonly session: string;
      readonly counter: number;
      readonly count: number;
      readonly firstSequence: Sequence;
    }
  /** The batch with this counter was not taken: the window is full. Give it again after `publishReady`. */
  | { readonly type: 'publishBlocked'; readonly group: Id; readonly client: string; readonly session: string; readonly counter: number }
  /** There is room again; `counter` is the next one to give. */
  | { readonly type: 'publishReady'; readonly group: Id; readonly client: string; readonly session: string; readonly counter: number }
  /** A batch will never be receipted: the publisher's fault or the group's end. */
  | {
      readonly type: 'publishFailed';
      readonly group: Id;
      readonly client: string;
      readonly session: string;
      readonly counter: number;
      readonly reason: Exclude<PublishRefusal, 'NO_QUORUM'>;
    }
  /** Publishing waits (what was taken is kept and tried again). Ends with the next `receipt` of the session. */
  | {
      readonly type: 'publishStalled';
      readonly group: Id;
      readonly client: string;
      readonly session: string;
      readonly reason: 'NO_QUORUM' | 'NO_ROOT';
    }
  /** A member may take this, if it says so within `offerMs`; then the next one is asked. */
  | {
      readonly type: 'anycastOffer';
      readonly subscription: SubscriptionId;
      readonly group: Id;
      readonly offer: number;
      readonly payload: unknown;
      readonly bytes: number;
      readonly origin: NodeHandle;
    }
  | {
      readonly type: 'anycastEnded';
      readonly query: number;
      readonly group: Id;
      readonly outcome:
        | { readonly type: 'accepted'; readonly by: NodeHandle; readonly reply: unknown; readonly visits: number }
        /** `TIMEOUT`: no answer came, though it was asked several times; `BUSY`: as many are under way as this node takes. */
        | { readonly type: 'refused'; readonly reason: AnycastRefusal | 'TIMEOUT' | 'BUSY'; readonly visits: number };
    }
  /** What became of advice. */
  | { readonly type: 'advised'; readonly group: Id; readonly outcome: AdviceOutcome }
  | { readonly type: 'left' }
  /** Something worth a log line and a counter: `parent_lost`, `moved`, `epoch_opened`, `root_lost`, … */
  | { readonly type: 'note'; readonly note: string; readonly group: Id };
