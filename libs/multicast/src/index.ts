export { AHEAD_MAX, VISITS_MAX } from './anycast.ts';
export { ADVICE_GAIN_MIN, ADVISED_MOVE_EVERY_MS, type AdviceOutcome, type ParentAdvice } from './advice.ts';
export type { Backpressure, DeliveryClass, GroupDescriptor, Verified } from './descriptor.ts';
export {
  compareEpochs,
  compareRounds,
  epochAt,
  epochText,
  LINEAGE_MAX,
  VOTERS_MAX,
  type Epoch,
  type EpochRecord,
  type EpochSpan,
  type RoundMark,
  type Sequence,
} from './epoch.ts';
export {
  FRAGMENTS_MAX,
  PLACE_BYTES,
  SNAPSHOT_RECEIPTS_MAX,
  SNAPSHOT_SESSIONS_MAX,
  type BatchFrame,
  type Block,
  type Fragment,
  type GapFrame,
  type GapReason,
  type MulticastFrame,
  type PartOf,
  type PayloadPlace,
  type RowMember,
  type SessionMemory,
  type StampedFrame,
} from './frames.ts';
export {
  type AnycastMessage,
  type AnycastRefusal,
  BACKUPS_MAX,
  BEAT_GROUPS_MAX,
  CERTIFICATES_MAX,
  COVER_WORST_MAX,
  type Cover,
  RECEIPTS_MAX,
  type DownBeat,
  type EpochMessage,
  type FlowMessage,
  type GraftRefusal,
  type MulticastMessage,
  type PublishMessage,
  type PublishRefusal,
  type Receipt,
  type RoutedMessage,
  type TreeMessage,
  type UpBeat,
} from './messages.ts';
export type { MulticastCommand, MulticastEvent, SlowPolicy, Start, SubscribeFailure, SubscriptionId } from './commands.ts';
export type { Remaining } from './departure.ts';
export { LOCAL_CONFIG, type MulticastConfig } from './config.ts';
export type { Coverage } from './coverage.ts';
export type { SlowReader } from './describe-slow.ts';
export type { Certificate } from './roster.ts';
export type { GroupPicture, MulticastStats, TreeRole } from './describe.ts';
export { findCycle, ReliableGroupOracle, type GroupOracle, type TreeEdge } from './invariants.ts';
export { OrderedGroupOracle } from './ordered-oracle.ts';
export { Multicast } from './multicast.ts';
export { PLACE_AHEAD_MAX, PLACE_VISITS_MAX } from './stripes/spare-capacity.ts';
export { dataStripes, isStriped, stripeCount, stripeDescriptor, stripeKey, STRIPES_MAX } from './stripes/stripe-groups.ts';
export { StripedMulticast } from './stripes/striped-multicast.ts';
export type { DropReason, MulticastEffect } from './turn.ts';
export type { MulticastFault } from './faults.ts';
