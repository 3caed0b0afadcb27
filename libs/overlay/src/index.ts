export type {
  AnyApplication,
  Applications,
  BodyOf,
  CommandOf,
  EventOf,
  FrameOf,
  OverlayEffect,
  OverlayInput,
} from './contract.ts';
export { createOverlayNode, type ApplicationParts, type BuiltinApplications, type OverlayNodeDeps } from './create-overlay-node.ts';
export { createFullNode, FULL_NODE_KIND, type FullApplications, type FullNode, type FullNodeParts } from './full-node.ts';
export { OverlayNode } from './overlay-node.ts';
export { DEFAULT_LOOKUP_CONFIG, Lookup, type LookupConfig } from './lookup/lookup.ts';
export type { LookupBody, LookupCommand, LookupEvent, LookupFailure } from './lookup/messages.ts';
export { Attached, ATTACHED_MAX, ROUTE_ANSWER_MS, ROUTES_OPEN_MAX } from './attached/attached.ts';
export { FORWARD_WAIT_MS, FORWARDS_MAX } from './attached/forwards.ts';
export type { AttachedBody, AttachedCommand, AttachedEvent, ForwardDecision, ForwardOutcome, RouteFailure } from './attached/messages.ts';
export {
  effectsDigest,
  parseRecording,
  RECORDING_VERSION,
  recordingHeaderLine,
  recordingStepLine,
  type RecordedStep,
  type Recording,
  type RecordingHeader,
} from './recording.ts';
