export { isReason, reasons, type GrpcCode, type Reason, type ReasonEntry } from './reasons.ts';
export { OverlayError, type OverlayErrorOptions } from './overlay-error.ts';
export { ERROR_DOMAIN, parseStatus, toServiceError, type CallStatus } from './status.ts';
export {
  mutualTlsChannelCredentials,
  mutualTlsServerCredentials,
  tlsChannelCredentials,
  tlsServerCredentials,
  type CertificateCheck,
  type KeyAndCertificate,
} from './credentials.ts';
export { createClient, hostOf, KEEPALIVE, serverName, type ChannelTarget, type ClientConstructor } from './channel.ts';
