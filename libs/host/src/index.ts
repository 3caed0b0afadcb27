export type {
  Ask,
  AttachmentEvent,
  GroupPlace,
  Groups,
  HostState,
  LookupAnswer,
  Neighbors,
  Ongoing,
  Overlay,
  OverlayHostOptions,
  Publication,
  PublicationReceipt,
  SubscriptionEvent,
  TraceAnswer,
} from './contract.ts';
export { OverlayHost } from './overlay-host.ts';
