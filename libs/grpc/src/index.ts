export { isReason, reasons, type GrpcCode, type Reason, type ReasonEntry } from './reasons.ts';
export { OverlayError, type OverlayErrorOptions } from './overlay-error.ts';
export { ERROR_DOMAIN, parseStatus, toServiceError, type CallStatus } from './status.ts';
export {
  assertAuthority,
  mutualTlsChannelCredentials,
  mutualTlsServerCredentials,
  RenewableServerCredentials,
  tlsChannelCredentials,
  tlsServerCredentials,
  type CertificateCheck,
  type KeyAndCertificate,
} from './credentials.ts';
export { callUnary, type UnaryMethod } from './call-unary.ts';
export { CHANNEL_OPTIONS, createClient, hostOf, serverName, unaryDeadline, type ChannelTarget, type ClientConstructor } from './channel.ts';
export { authenticatedPeer, identityOf } from './authenticated-peer.ts';
export { currentTraceparent, observeClient, observeServer, type CallObservation, type CallObserver, type ObservedCall } from './interceptors.ts';
export { listen, listenError, type Listening } from './listen.ts';
export { OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION, type LinkPeer, type LinkTarget, type SpokenVersions } from './links/handshake.ts';
export { CONTROL_FRAME_BYTES_MAX } from './links/exchange-stream.ts';
export { ControlLinks, type ControlLinksEvents, type ControlLinksOptions, type LinkCredentials } from './links/control-links.ts';
export type { DataLink, DataLinkId, DataLinksEvents, DataLinksOptions } from './links/data-links-contract.ts';
export { DataLinks } from './links/data-links.ts';
export { DATA_FRAME_BYTES_MAX } from './links/data-wire.ts';
export { framed, frameInPlace, FrameReader, PREFIX_BYTES, unframed, type FramingFault } from './links/framing.ts';
