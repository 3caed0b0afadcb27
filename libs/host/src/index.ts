export type {
  AnycastAnswer,
  Ask,
  Attachment,
  AttachmentEvent,
  GroupPlace,
  Groups,
  HostState,
  LookupAnswer,
  Neighbors,
  MovableSubscription,
  Ongoing,
  Overlay,
  OverlayHostOptions,
  Publication,
  PublicationReceipt,
  PublishedFragment,
  ReplicaSet,
  SubscriptionEvent,
  TraceAnswer,
} from './contract.ts';
export { weighBuffersWithHeap } from './collection.ts';
export { readLatencyMap } from './emulation/emulated-network.ts';
export { OverlayHost } from './overlay-host.ts';
