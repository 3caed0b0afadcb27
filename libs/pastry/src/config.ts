import { DEFAULT_HOP_DELIVERY_CONFIG, type HopDeliveryConfig } from '@banyan/hop-delivery';
import type { DigitBits } from '@banyan/ids';
import { DEFAULT_PEERS_CONFIG, type PeersConfig } from '@banyan/peers';
import type { Millis } from '@banyan/sansio';

/** Every figure of a Pastry node; one ring shares `digitBits`, the rest may differ from node to node. */
export interface PastryConfig {
  /** b: bits of a digit, 1 to 4. */
  readonly digitBits: DigitBits;
  /** |L|: leaves kept, half on either side; even. */
  readonly leafSetSize: number;
  /** |M|: proximally closest nodes kept. */
  readonly neighborhoodSize: number;
  /** Share of hops at which any node that makes progress is taken, not the best: against nodes that swallow messages. */
  readonly randomHopShare: number;

  /** Between two heartbeats to a ring neighbor while few nodes fail, and when most do; in between it follows the churn. */
  readonly heartbeatPeriodMs: Millis;
  readonly heartbeatPeriodMinMs: Millis;
  /** Share of all keys that may lack an owner because it has failed and its leases run on; the period follows from it. */
  readonly ownerlessShare: number;
  /** Silence of a ring neighbor beyond a period after which it is probed. */
  readonly heartbeatGraceMs: Millis;
  /** How long a lease lasts at the longest period; more than two periods. With a shorter period it is shorter in proportion. */
  readonly leaseMs: Millis;
  /** Between two requests for a lease that is missing. */
  readonly leaseRetryMs: Millis;

  /** How long the lock of a joiner outlives its last sign. */
  readonly joinLockMs: Millis;
  /** What a node that helps another joiner asks this one to wait, at most; half of it at least. */
  readonly joinBusyRetryMs: Millis;
  /** Without an answer to a join request for so long it is sent again; the first two waits are shorter. */
  readonly joinTimeoutMs: Millis;
  /** Join requests through one entrance before the nearest node is looked for anew. */
  readonly joinTries: number;
  /** Seeds that are pinged before the nearest is chosen. */
  readonly seedsPinged: number;
  /** A step of the walk to the nearest node ends after so long even if not all have answered. */
  readonly searchStepMs: Millis;
  /** Leaves pinged in the first step of the walk. */
  readonly searchLeavesMax: number;
  /** Entries of a row pinged in a later step, of those that lie we know where. */
  readonly searchRowMax: number;

  /** Leaf-set probes to one node before it counts as silent. */
  readonly leafProbeTries: number;
  /** Between two exchanges of leaf sets with a random leaf. */
  readonly leafMaintenanceMs: Millis;
  /** Between two visits of the same routing-table entry by the liveness sweep, while few nodes fail; T_rt at most. */
  readonly tableSweepMs: Millis;
  /** T_rt at least. */
  readonly tableSweepMinMs: Millis;
  /** L_r: share of lookups that may meet a dead hop; the period of the sweep follows from it and the churn. */
  readonly rawLossTarget: number;
  /** Between two exchanges of every routing-table row with a random member of that row. */
  readonly tableMaintenanceMs: Millis;
  /** What routine upkeep (exchanges of leaf sets and rows, the sweep of the table) may cost, bytes sent and asked for. */
  readonly upkeepBytesPerSecond: number;
  /** So many seconds of it may be spent at once. */
  readonly upkeepBurstSeconds: number;
  /** Unknown nodes measured because one announcement told of them. */
  readonly gossipProbesMax: number;

  /** Nearest nodes that a newcomer asks for each of its rows, once it is active. */
  readonly secondStageMax: number;

  /** Handles a peer may put into one list; more is a fault. */
  readonly handlesMax: number;
  readonly partition: PartitionConfig;
  readonly peers: PeersConfig;
  readonly hops: HopDeliveryConfig;
}

/** How a node looks out for rings that formed apart, and how a merge spreads. */
export interface PartitionConfig {
  /** Lost peers remembered. */
  readonly memoryMax: number;
  readonly memoryForMs: Millis;
  /** Between two attempts to reach a lost peer or a seed. */
  readonly contactMs: Millis;
  /** The same for all members together while the leaf set is not full: in so small a ring few look out for this partition. */
  readonly contactFewMs: Millis;
  /** Share of the attempts that go to a seed. */
  readonly seedShare: number;
  /** Own peers that a node has looked up in the other ring when it learns of a merge. */
  readonly mergeFanOut: number;
  /** A merge is over for a node when it has brought no new leaf for so long. */
  readonly mergeQuietMs: Millis;
}

/**
 * Sources: 20 peers, 90 min, seeds at 5 %: FreePastry 2.1, which looks every 5 min. We look every 30 min, at one peer at a
 * time, for in a ring whose leaf sets are full many look; a smaller ring looks every 20 s; and only while somebody is missed.
 */
export const DEFAULT_PARTITION_CONFIG: PartitionConfig = {
  memoryMax: 20,
  memoryForMs: 90 * 60_000,
  contactMs: 30 * 60_000,
  contactFewMs: 20_000,
  seedShare: 0.05,
  mergeFanOut: 3,
  mergeQuietMs: 30_000,
};

/**
 * For a ring over a wide-area network.
 * Sources: b and |M|: Rowstron & Druschel 2001, §4; |L| = 32: Castro et al. 2004; lease 30 s, leaf maintenance 60 s: FreePastry 2.1;
 * routing-table maintenance 20 min: Castro et al. MSR-TR-2003-52.
 * Heartbeats of 12 s to both ring neighbors and one sweep of the table in 10 min keep an idle node below 0.3 messages per second.
 * Upkeep in a quiet ring takes a sixth of its 600 bytes a second.
 * L_r = 5 % and the smallest T_rt of 9 s: Castro et al. 2004.
 */
export const DEFAULT_PASTRY_CONFIG: PastryConfig = {
  digitBits: 4,
  leafSetSize: 32,
  neighborhoodSize: 32,
  randomHopShare: 0,
  heartbeatPeriodMs: 12_000,
  heartbeatPeriodMinMs: 1_500,
  ownerlessShare: 0.003,
  heartbeatGraceMs: 3_000,
  leaseMs: 30_000,
  leaseRetryMs: 1_000,
  joinLockMs: 5_000,
  joinBusyRetryMs: 600,
  joinTimeoutMs: 5_000,
  joinTries: 5,
  seedsPinged: 5,
  searchStepMs: 4_000,
  searchLeavesMax: 8,
  searchRowMax: 4,
  leafProbeTries: 5,
  leafMaintenanceMs: 60_000,
  tableSweepMs: 10 * 60_000,
  tableSweepMinMs: 9_000,
  rawLossTarget: 0.05,
  tableMaintenanceMs: 20 * 60_000,
  upkeepBytesPerSecond: 600,
  upkeepBurstSeconds: 60,
  gossipProbesMax: 5,
  secondStageMax: 3,
  handlesMax: 64,
  partition: DEFAULT_PARTITION_CONFIG,
  peers: DEFAULT_PEERS_CONFIG,
  hops: DEFAULT_HOP_DELIVERY_CONFIG,
};

/** For processes on one machine or in one rack: the same rules, quicker. A lease still outlives a busy machine's stalls. */
export const LOCAL_PASTRY_CONFIG: PastryConfig = {
  ...DEFAULT_PASTRY_CONFIG,
  heartbeatPeriodMs: 2_000,
  heartbeatPeriodMinMs: 1_000,
  heartbeatGraceMs: 1_000,
  leaseMs: 8_000,
  leaseRetryMs: 500,
  joinBusyRetryMs: 300,
  joinTimeoutMs: 1_500,
  searchStepMs: 1_000,
  leafMaintenanceMs: 10_000,
  tableSweepMs: 60_000,
  tableMaintenanceMs: 2 * 60_000,
  upkeepBytesPerSecond: 2_000,
  partition: { ...DEFAULT_PARTITION_CONFIG, contactMs: 30_000, contactFewMs: 3_000, mergeQuietMs: 10_000 },
  // A joiner asks every candidate five times, the dead among them too, and its keys wait meanwhile: 3.6 s so, 9 s by the default.
  peers: { ...DEFAULT_PEERS_CONFIG, timeoutInitialMs: 400 },
};
