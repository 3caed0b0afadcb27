import type { HopMessage } from '@banyan/hop-delivery';
import type { Coordinate, NodeHandle } from '@banyan/kbr';
import type { FailedLife, PeerMessage } from '@banyan/peers';
import type { Millis } from '@banyan/sansio';
import type { LeafOutline } from './leaf-outline.ts';

/** Nodes, and where each of them said that it lies: so that whoever is told need not measure those that are far away. */
export interface Located {
  readonly nodes: readonly NodeHandle[];
  /** One for each node, in the same order; `NOWHERE` where it is not known. */
  readonly places: readonly Coordinate[];
}

/** Entering the ring. Source: Rowstron & Druschel 2001, §2.4; Castro et al. 2004 (consistent join). */
export type JoinMessage =
  /** Travels hop by hop towards `joiner.id`; every hop answers the joiner with its rows from `row` on. */
  | { readonly type: 'joinRequest'; readonly joiner: NodeHandle; readonly attempt: number; readonly row: number; readonly hops: number }
  /** Rows `row`, `row + 1`, … of a node on the route, none perhaps; its neighborhood set too when it is the first. */
  | {
      readonly type: 'joinRows';
      readonly attempt: number;
      /** Hops that the request had taken to it. */
      readonly hops: number;
      readonly row: number;
      readonly rows: readonly Located[];
      readonly neighborhood: Located;
    }
  /** The root helps this joiner and no other for now; its leaf set, and how many failures of one node per second it believes in. */
  | { readonly type: 'joinAccept'; readonly attempt: number; readonly leaves: readonly NodeHandle[]; readonly failureRate?: number }
  /** The root helps another joiner, or is itself not ready. */
  | { readonly type: 'joinBusy'; readonly attempt: number; readonly retryAfterMs: Millis }
  /**
   * A node that became active introduces itself, with its row in which it keeps the receiver (`row` = -1: none).
   * `roundTripMs` is its own measurement of the receiver, so that the receiver need not probe.
   */
  | { readonly type: 'announce'; readonly row: number; readonly entries: Located; readonly roundTripMs?: Millis; readonly at: Coordinate }
  /** The sender leaves the ring on purpose: its keys and leases are free at once. */
  | { readonly type: 'leaving' };

/**
 * Keeping leaf sets whole by differences: a probe outlines the sender's leaf set, the reply tells what is lacking there and
 * asks for what is lacking here, and only if it asked, or told of the dead, a third message follows.
 */
export type LeafSetMessage =
  | {
      readonly type: 'leafProbe';
      readonly nonce: number;
      /** The sender is active. */
      readonly ready: boolean;
      /** The sender stands in the ring or enters it now, so it is taken in; else it only looks who is there. */
      readonly enters: boolean;
      readonly outline: LeafOutline;
      /** The sender is merging two rings: who gains it as a leaf thereby takes part. */
      readonly merging: boolean;
      /** Where the sender lies. */
      readonly at: Coordinate;
    }
  | {
      readonly type: 'leafReply';
      readonly nonce: number;
      readonly ready: boolean;
      /** Leaves of ours that the asker lacks and has a place for. */
      readonly leaves: readonly NodeHandle[];
      /** Heads of those of its leaves that we lack. */
      readonly wanted: readonly number[];
      /** Those of its leaves that we found dead. */
      readonly failed: readonly FailedLife[];
      /** To a joiner: names of messages delivered here lately whose keys will be its own. */
      readonly delivered: readonly string[];
      readonly merging: boolean;
      readonly at: Coordinate;
    }
  /** After a reply: the leaves that it wanted, and which of those that it told are dead. */
  | { readonly type: 'leafNews'; readonly leaves: readonly NodeHandle[]; readonly failed: readonly FailedLife[] };

/** Travels towards `seeker.id` in the receiver's ring; its root there makes contact with the seeker. Source: Shafaat et al. 2007 (mlookup). */
export interface RingLookup {
  readonly type: 'ringLookup';
  /** An active node of perhaps another ring; not always the sender. */
  readonly seeker: NodeHandle;
  readonly hops: number;
}

/** A lease that was granted to a life and runs on for `forMs`, whole milliseconds. */
export interface RunningLease extends FailedLife {
  readonly forMs: Millis;
  /** The teller granted it itself. */
  readonly own: boolean;
}

/**
 * Sign of life between ring neighbors that is also lease request and lease grant, and bears news of deaths.
 * `sentAt` is on the sender's clock and only ever echoed; `grants` echoes the receiver's own latest `sentAt`.
 */
export interface HeartbeatMessage {
  readonly type: 'heartbeat';
  readonly sentAt: Millis;
  /** How long the lease lasts that `grants` grants, whole milliseconds; counted by the receiver from the time it echoes. */
  readonly leaseMs: Millis;
  readonly grants?: Millis;
  /** The sender has no lasting lease from the receiver and asks for a heartbeat back at once. */
  readonly urgent: boolean;
  /** How many failures of one node per second the sender believes in; absent while it does not know, which is not none. */
  readonly failureRate?: number;
  /** Of the half of the sender's leaf set that lies towards the receiver: 32 bits. */
  readonly digest: number;
  /** Whom the sender found dead and has not told the receiver for certain. */
  readonly failed: readonly FailedLife[];
  /** Leaves of the sender that the receiver seems to lack, or will have room for after these deaths. */
  readonly leaves: readonly NodeHandle[];
  /** Leases the sender knows of that run on where their holders fall silent: the receiver leaves those keys alone then, too. */
  readonly running: readonly RunningLease[];
}

/** Reading the tables of another node: the walk to the nearest node, repair and maintenance. */
export type TableMessage =
  | { readonly type: 'leavesRequest'; readonly nonce: number }
  /** `depth`: how many rows of the sender's routing table hold an entry. */
  | { readonly type: 'leavesReply'; readonly nonce: number; readonly leaves: readonly NodeHandle[]; readonly depth: number }
  /** `columns`: only those are wanted, the i-th bit for the i-th; absent: all. */
  | { readonly type: 'rowRequest'; readonly nonce: number; readonly row: number; readonly columns?: number }
  | { readonly type: 'rowReply'; readonly nonce: number; readonly row: number; readonly entries: Located };

/** Everything one Pastry node says to another. */
export type PastryMessage = HopMessage | PeerMessage | JoinMessage | LeafSetMessage | RingLookup | HeartbeatMessage | TableMessage;
