import type { Millis } from '@banyan/sansio';

/** Every time and bound of the machine. Names end in their unit. */
export interface MulticastConfig {
  /** Wall clock minus the driver's clock, ms: the root stamps `now + wallOffsetMs`. */
  readonly wallOffsetMs: Millis;

  /** Between two beats to one peer. */
  readonly beatMs: Millis;
  /** How soon a newer round is passed on: bundles the groups that two peers share. */
  readonly beatBundleMs: Millis;
  /** Beats missed before a third node is asked. */
  readonly missesMax: number;
  /** How long the third node's answer is waited for. Parent lost at most after missesMax * beatMs + probeMs. */
  readonly probeMs: Millis;
  /** A child not heard for so long is no child. More than missesMax beats, so a child leaves before it is dropped. */
  readonly childExpiryMs: Millis;
  /** Behind what the parent says it sent for so long: the flow is started again, then the parent is left. */
  readonly flowStallMs: Millis;

  /** A parent that beats, but whose data link does not open within so long, is left. Less than the dial's own patience, which knows nothing of beats. */
  readonly dialMs: Millis;

  /** Between two rounds of a root. */
  readonly roundMs: Millis;
  /** A move that found no newer round in so many rounds is dropped. */
  readonly moveRoundsMax: number;
  /** Wait for the answer to one graft, and how often it is asked of one node. */
  readonly graftMs: Millis;
  readonly graftTriesMax: number;
  /** Wait for the answer to a routed join, doubled up to eight times, plus jitter. */
  readonly joinMs: Millis;
  /** A node without subscribers, children and duties leaves the tree after so long. */
  readonly lingerMs: Millis;
  /** A subscription or an open that found no root after so long is told so. */
  readonly rootSearchMs: Millis;
  /** Places beyond the fan-out limit that are kept for orphans. */
  readonly gracePlaces: number;

  /** Unacknowledged bytes of one group on one link. */
  readonly flowWindowBytes: number;
  /** Bytes asked for by one `fetch`, and the wait before it is asked again. */
  readonly fetchBytes: number;
  readonly fetchMs: Millis;
  /** Frames sent to one child in one turn while it catches up. */
  readonly burstMax: number;

  /** Nodes in the roster of one group. */
  readonly rosterMax: number;
  /** How long a node that left the tree, in order or not, stays in it. */
  readonly rosterMemoryMs: Millis;

  /** The window of readers that are to be detached, in groups that wait for nobody. */
  readonly slowBytes: number;
  readonly slowMs: Millis;
  /** Between looks at readers that stand still. */
  readonly slowLookMs: Millis;
  /** How long one word that a reader is waited for holds publishers. More than one look. */
  readonly holdMs: Millis;
  /** A child without credit for so long, while a sibling has some, is moved down. */
  readonly slowChildMs: Millis;
  /** Children in all groups together, as a multiple of the node's capacity, beyond which it hands some down. Scribe's: 64 in all. */
  readonly carriedTimes: number;
  /** Where a child was moved away from, or got nothing, it does not come back for so long, unless nobody else has a place. */
  readonly avoidMs: Millis;
  /** Between two voluntary moves of one child. */
  readonly moveDownMs: Millis;
  /** Detached twice within so long a client does not count for `uncountedMs`. */
  readonly offenceMs: Millis;
  readonly uncountedMs: Millis;
  /** Clients whose offences are remembered. */
  readonly offendersMax: number;

  /** Members of the electorate that a root strives for, itself included. */
  readonly voters: number;
  /** The commit mark goes out by itself after so long. */
  readonly markMs: Millis;
  /** Live voters propose themselves this far apart, nearest to the key first. */
  readonly candidateStepMs: Millis;
  /** A promise without a new record for so long counts as a lost root. */
  readonly promiseMs: Millis;
  /** Between repeats of one phase of a seal, and the end of its patience. */
  readonly sealRepeatMs: Millis;
  readonly sealMs: Millis;
  /** After a majority promised, how long the rest is waited for (they become voters again). */
  readonly sealGraceMs: Millis;
  /** How long a new root of an ordered or best-effort group looks for survivors before it goes on alone. */
  readonly openMs: Millis;
  /** A question to the leaves whether a group exists is given up after so long if a majority answered. */
  readonly inquireMs: Millis;
  /** Another owner that asked within so long may be opening the group. */
  readonly openerMs: Millis;
  /** How long a closer node must be the owner before the root hands over. */
  readonly handOverMs: Millis;
  /** Between looks at voters, ages and orphans. */
  readonly upkeepMs: Millis;
  /** A voter out of the tree for so long is replaced. */
  readonly voterLostMs: Millis;
  /** Uncommitted for so long: no quorum. */
  readonly quorumMs: Millis;

  /** Unreceipted bytes of one publishing session at its node. */
  readonly publishWindowBytes: number;
  /** Bytes the root takes from one publisher's node before it grants more. */
  readonly intakeBytes: number;
  /** Uncommitted bytes at which a root grants no more. */
  readonly uncommittedBytesMax: number;
  /** A publisher without a receipt for so long asks for it. */
  readonly receiptMs: Millis;
  /** A publisher without progress for so long looks the root up again; three times as long and it is told. */
  readonly publishRetryMs: Millis;

  /** A large message whose next part does not come for so long after the last was committed is given up by the root. */
  readonly largeMessageMs: Millis;

  /** Batches per session that a root remembers, for so long. */
  readonly receiptsMax: number;
  readonly receiptMemoryMs: Millis;

  /** A member that was offered an anycast has so long to take it; and the first try of a search is repeated after so long. */
  readonly offerMs: Millis;
  readonly anycastMs: Millis;

  readonly groupsMax: number;
  readonly subscriptionsMax: number;
  /** Publishing sessions that one root or one publisher's node keeps per group. */
  readonly sessionsMax: number;
  /** Publisher nodes that one root dials. */
  readonly intakesMax: number;
  /** Records of groups this node left. */
  readonly forgottenMax: number;
}

/** For nodes on one machine or one site; also the start values elsewhere. */
export const LOCAL_CONFIG: MulticastConfig = {
  wallOffsetMs: 0,
  beatMs: 500,
  beatBundleMs: 20,
  missesMax: 2,
  probeMs: 400,
  childExpiryMs: 3_000,
  flowStallMs: 1_000,
  dialMs: 2_000,
  roundMs: 500,
  moveRoundsMax: 4,
  graftMs: 400,
  graftTriesMax: 2,
  joinMs: 1_000,
  lingerMs: 5_000,
  rootSearchMs: 30_000,
  gracePlaces: 2,
  flowWindowBytes: 4 * 1_048_576,
  fetchBytes: 1_048_576,
  fetchMs: 300,
  burstMax: 256,
  rosterMax: 200_000,
  rosterMemoryMs: 60_000,
  slowBytes: 8 * 1_048_576,
  slowMs: 2_000,
  slowLookMs: 100,
  holdMs: 300,
  slowChildMs: 2_000,
  carriedTimes: 4,
  avoidMs: 60_000,
  moveDownMs: 10_000,
  offenceMs: 60_000,
  uncountedMs: 600_000,
  offendersMax: 4_096,
  voters: 5,
  markMs: 5,
  candidateStepMs: 700,
  promiseMs: 1_500,
  sealRepeatMs: 200,
  sealMs: 3_000,
  sealGraceMs: 100,
  openMs: 600,
  inquireMs: 5_000,
  openerMs: 2_000,
  handOverMs: 1_000,
  upkeepMs: 1_000,
  voterLostMs: 3_000,
  quorumMs: 2_000,
  publishWindowBytes: 8 * 1_048_576,
  intakeBytes: 4 * 1_048_576,
  uncommittedBytesMax: 32 * 1_048_576,
  receiptMs: 500,
  publishRetryMs: 1_000,
  largeMessageMs: 10_000,
  receiptsMax: 1_024,
  receiptMemoryMs: 600_000,
  offerMs: 1_000,
  anycastMs: 5_000,
  groupsMax: 4_096,
  subscriptionsMax: 4_096,
  sessionsMax: 256,
  intakesMax: 1_024,
  forgottenMax: 4_096,
};
