export { isReason, reasons, type GrpcCode, type Reason, type ReasonEntry } from './reasons.ts';
export { OverlayError, type OverlayErrorOptions } from './overlay-error.ts';
export { ERROR_DOMAIN, parseStatus, toServiceError, type CallStatus } from './status.ts';
export {
  mutualTlsChannelCredentials,
  mutualTlsServerCredentials,
  RenewableServerCredentials,
  tlsChannelCredentials,
  tlsServerCredentials,
  type CertificateCheck,
  type KeyAndCertificate,
} from './credentials.ts';
export { CHANNEL_OPTIONS, createClient, hostOf, serverName, type ChannelTarget, type ClientConstructor } from './channel.ts';
export { authenticatedPeer, identityOf } from './authenticated-peer.ts';
export { currentTraceparent, observeClient, observeServer, type CallObservation, type CallObserver, type ObservedCall } from './interceptors.ts';
