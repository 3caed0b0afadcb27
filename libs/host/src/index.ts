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
  RouteAnswer,
  SubscriptionEvent,
  TraceAnswer,
} from './contract.ts';
export { OverlayHost } from './overlay-host.ts';
